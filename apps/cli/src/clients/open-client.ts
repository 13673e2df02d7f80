/** Finds a client's file and looks into it. */
import { access } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { CliError, usageError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { homeOfUser } from '../workloads/state-folders.ts';
import { type ClientFile, readClientFile } from './client-file.ts';
import { CLIENTS, type Client, type ClientId, type Machine } from './client-table.ts';
import { DamagedFileError, readServers, type ServerEntry } from './edit-servers.ts';

export interface OpenClient {
  readonly client: Client;
  /** As the user would write it. */
  readonly shownPath: string;
  readonly file: ClientFile;
  readonly servers: ReadonlyMap<string, ServerEntry>;
}

/** @throws {CliError} with exit code 1 for a file that cannot be used; it is not touched. */
export async function openClient(
  id: ClientId,
  given: string | undefined,
  io: Pick<Io, 'cwd' | 'env'>,
): Promise<OpenClient> {
  const client = CLIENTS[id];
  const path = given === undefined ? client.file(findMachine(io)) : resolve(io.cwd, given);
  const file = await readClientFile(path);
  try {
    return { client, shownPath: path, file, servers: readServers(file.text, client.key) };
  } catch (error) {
    if (error instanceof DamagedFileError) {
      throw new CliError({
        exitCode: EXIT.failed,
        what: path,
        why: error.message,
        wayOut: 'correct it, or move it away; nothing was changed',
        cause: error,
      });
    }
    throw error;
  }
}

/**
 * Refuses to create a file for a client that nobody uses here: it would never be read.
 *
 * @throws {CliError} with exit code 1
 */
export async function assertUsedHere(
  { client, file }: OpenClient,
  given: string | undefined,
  io: Pick<Io, 'env'>,
): Promise<void> {
  if (file.mode !== undefined) {
    return;
  }
  const traces = given === undefined ? client.traces(findMachine(io)) : [dirname(file.path)];
  for (const trace of traces) {
    if (await isThere(trace)) {
      return;
    }
  }
  throw new CliError({
    exitCode: EXIT.failed,
    what: given === undefined ? client.title : '--file',
    why: `there is no ${traces.join(', ')}`,
    wayOut:
      given === undefined
        ? `start ${client.title} once, or name its file with --file`
        : 'create the folder first',
  });
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function findMachine({ env }: Pick<Io, 'env'>): Machine {
  const home = [env['HOME'], env['USERPROFILE'], homeOfUser()].find(
    (path) => path !== undefined && isAbsolute(path),
  );
  if (home === undefined) {
    throw usageError(
      'HOME',
      'is not set, and this user has no home folder',
      'name the file: --file',
    );
  }
  return { platform: process.platform, env, home };
}
