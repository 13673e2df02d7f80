/**
 * Finds the command of an `npx://` server.
 *
 * A package that is installed in the working directory is run as it is, with this Node and without
 * a network, as `npx` itself would prefer it; anything else is left to `npx -y`, which downloads it.
 */
import { readFile, realpath } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { usageError } from '../cli-error.ts';
import type { ServerArgument } from './server-argument.ts';

type NpxArgument = Extract<ServerArgument, { readonly kind: 'npx' | 'uvx' }>;

interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

interface Manifest {
  readonly version?: unknown;
  readonly bin?: unknown;
}

export async function resolveNpxCommand(
  { packageName, version, args }: NpxArgument,
  cwd: string,
): Promise<Command> {
  const installed = await findInstalled(packageName, cwd);
  if (
    installed !== undefined &&
    (version === undefined || installed.manifest.version === version)
  ) {
    const script = await realpath(join(installed.folder, chooseBin(packageName, installed)));
    return (await isNodeScript(script))
      ? { command: process.execPath, args: [script, ...args] }
      : { command: script, args };
  }
  const spec = version === undefined ? packageName : `${packageName}@${version}`;
  return { command: 'npx', args: ['-y', spec, ...args] };
}

interface Installed {
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Looks where Node would: in the `node_modules` of the folder and of those above it. */
async function findInstalled(packageName: string, cwd: string): Promise<Installed | undefined> {
  for (let at = resolve(cwd); ; at = dirname(at)) {
    const folder = join(at, 'node_modules', packageName);
    // A folder without a package, and the usual case of none at all, means: look further up.
    const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined);
    if (text !== undefined) {
      return { folder, manifest: parseManifest(text, packageName) };
    }
    if (at === dirname(at)) {
      return undefined;
    }
  }
}

function parseManifest(text: string, packageName: string): Manifest {
  try {
    const manifest: unknown = JSON.parse(text);
    // Safe: every member is checked where it is used.
    return manifest !== null && typeof manifest === 'object' ? (manifest as Manifest) : {};
  } catch {
    throw usageError(packageName, 'its package.json is not JSON', 'install the package again');
  }
}

/** The rule of `npx`: the only command, or the one that is named like the package. */
function chooseBin(packageName: string, { folder, manifest: { bin } }: Installed): string {
  const unscoped = packageName.slice(packageName.indexOf('/') + 1);
  const commands = new Map<string, unknown>(
    typeof bin === 'string' ? [[unscoped, bin]] : Object.entries(bin ?? {}),
  );
  const only = commands.size === 1 ? [...commands.values()][0] : undefined;
  const path = commands.get(unscoped) ?? only;
  if (typeof path !== 'string') {
    throw usageError(
      packageName,
      commands.size === 0 ? 'has no command to run' : 'has several commands',
      'use --name NAME -- COMMAND',
    );
  }
  const inside = relative(folder, join(folder, path));
  if (inside === '..' || inside.startsWith(`..${sep}`)) {
    throw usageError(packageName, 'its command lies outside the package');
  }
  return path;
}

async function isNodeScript(path: string): Promise<boolean> {
  if (/\.[cm]?js$/.test(path)) {
    return true;
  }
  const firstLine = (await readFile(path, 'utf8')).split('\n', 1)[0] ?? '';
  return firstLine.startsWith('#!') && /\bnode\b/.test(firstLine);
}
