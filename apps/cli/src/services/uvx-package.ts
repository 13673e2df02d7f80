/** Finds the command of a `uvx://` server: `uvx`, or `uv tool run`, from the search path. */
import { access, constants, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import type { ServerArgument } from './server-argument.ts';

type PackageArgument = Extract<ServerArgument, { readonly kind: 'npx' | 'uvx' }>;

interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** @throws {CliError} with exit code 1 when neither is installed. */
export async function resolveUvxCommand(
  { packageName, version, args }: PackageArgument,
  path: string | undefined,
): Promise<Command> {
  const spec = version === undefined ? packageName : `${packageName}@${version}`;
  const uvx = await findOnPath('uvx', path);
  if (uvx !== undefined) {
    return { command: uvx, args: [spec, ...args] };
  }
  const uv = await findOnPath('uv', path);
  if (uv !== undefined) {
    return { command: uv, args: ['tool', 'run', spec, ...args] };
  }
  throw new CliError({
    exitCode: EXIT.failed,
    what: `uvx://${spec}`,
    why: 'uvx is not installed here',
    wayOut: 'install uv (docs.astral.sh/uv, or pip install uv), or see that PATH has it',
  });
}

/** The first executable file of that name; relative folders of the path are passed over. */
export async function findOnPath(
  name: string,
  path: string | undefined,
): Promise<string | undefined> {
  for (const folder of (path ?? '').split(delimiter).filter((entry) => entry.startsWith('/'))) {
    const file = join(folder, name);
    // Not there, or not for us: the next folder may have it.
    const isProgram = await access(file, constants.X_OK)
      .then(() => stat(file))
      .then((found) => found.isFile())
      .catch(() => false);
    if (isProgram) {
      return file;
    }
  }
  return undefined;
}
