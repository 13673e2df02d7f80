/** Turns `--permission-profile none|network|FILE` into what the container may reach. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Permissions } from '../catalogue/catalogue.ts';
import { usageError } from '../cli-error.ts';
import { readObject } from '../data-reader.ts';
import { decodeText } from '../decode-text.ts';
import { readPermissions } from './permissions.ts';
import { parseVolume, type Volume } from './volumes.ts';

const FLAG = '--permission-profile';

export interface Reach {
  readonly network: boolean;
  readonly volumes: readonly Volume[];
  readonly writableRoot: boolean;
}

const NOTHING = { volumes: [], writableRoot: false } as const;

export interface ProfileChoice {
  /** `none`, `network` or a file. */
  readonly profile: string | undefined;
  /** What the catalogue says; a profile that was named wins. */
  readonly fromCatalogue: Permissions | undefined;
  /** For messages. */
  readonly name: string;
}

/**
 * Without a profile and a catalogue entry the network is open and no file is mounted.
 *
 * @throws {CliError} with exit code 2, also for a limit that could not be enforced.
 */
export async function resolveProfile(choice: ProfileChoice, cwd: string): Promise<Reach> {
  const { profile, fromCatalogue, name } = choice;
  if (profile === undefined) {
    return fromCatalogue === undefined
      ? { network: true, ...NOTHING }
      : toReach(fromCatalogue, { where: name, cwd, mayMount: false });
  }
  if (profile === 'none' || profile === 'network') {
    return { network: profile === 'network', ...NOTHING };
  }
  const bytes = await readFile(resolve(cwd, profile)).catch(() => {
    throw usageError(FLAG, `${profile} cannot be read`, 'give none, network or a file');
  });
  const text = decodeText(bytes, FLAG, profile);
  return toReach(readPermissions(readObject(parse(text, profile), profile)), {
    where: profile,
    cwd,
    mayMount: true,
  });
}

interface Circumstances {
  readonly where: string;
  readonly cwd: string;
  readonly mayMount: boolean;
}

function toReach(
  { read, write, network, writableRoot }: Permissions,
  { where, cwd, mayMount }: Circumstances,
): Reach {
  if (typeof network === 'object') {
    throw usageError(
      where,
      `allows only ${network.hosts.join(', ')}, and thv cannot hold a container to some hosts`,
      `decide with ${FLAG} network (everything) or none`,
    );
  }
  if (!mayMount && read.length + write.length > 0) {
    throw usageError(
      where,
      `wants files of this machine: ${[...read, ...write].join(', ')}`,
      `mount what you mean with --volume, and add ${FLAG} network or none`,
    );
  }
  return {
    network: network === 'all',
    writableRoot,
    volumes: [
      ...read.map((path) => ({ ...mount(path, cwd), readOnly: true })),
      ...write.map((path) => mount(path, cwd)),
    ],
  };
}

/** A path alone is the same place inside. */
function mount(path: string, cwd: string): Volume {
  return parseVolume(path.includes(':') ? path : `${path}:${resolve(cwd, path)}`, cwd);
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw usageError(FLAG, `${path} is not JSON`);
  }
}
