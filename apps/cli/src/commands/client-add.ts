/** `thv client add`: writes a server into a client's file. */

import { CliError, usageError } from '../cli-error.ts';
import { replaceClientFile } from '../clients/client-file.ts';
import type { ClientId } from '../clients/client-table.ts';
import { type ServerEntry, withServer } from '../clients/edit-servers.ts';
import { assertUsedHere, type OpenClient, openClient } from '../clients/open-client.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog } from '../log.ts';
import { toJsonLine } from '../output/json-line.ts';
import { renderFacts } from '../output/table.ts';
import { checkPublicUrl } from '../services/flag-values.ts';
import type { Format, GlobalFlags } from './command-host.ts';

export interface ClientAddArguments {
  readonly id: ClientId;
  readonly flags: GlobalFlags & {
    readonly url?: string;
    readonly name?: string;
    readonly file?: string;
    readonly force?: true;
    readonly format?: Format;
  };
}

export async function addToClient({ id, flags }: ClientAddArguments, io: Io): Promise<ExitCode> {
  const { url, name } = readServer(flags);
  const opened = await openClient(id, flags.file, io);
  const { client, file, servers, shownPath } = opened;
  assertName(opened, name);
  await assertUsedHere(opened, flags.file, io);
  const entry = client.entry(url);
  const known = servers.get(name);
  const isKnown = known !== undefined && isSame(known, entry);
  if (known !== undefined && !isKnown && flags.force !== true) {
    throw new CliError({
      exitCode: EXIT.failed,
      what: name,
      why: `${client.title} has another server of that name`,
      wayOut: 'choose another --name, or replace it with --force; nothing was changed',
    });
  }
  const backup = isKnown
    ? undefined
    : await replaceClientFile(file, withServer(file.text, { key: client.key, name, entry }));
  io.out(
    flags.format === 'json'
      ? toJsonLine({
          client: id,
          name,
          url,
          file: shownPath,
          backup: backup ?? null,
          changed: !isKnown,
        })
      : renderFacts(
          [
            ['CLIENT', client.title],
            ['NAME', name],
            ['URL', url],
            ['FILE', shownPath],
            ...(backup === undefined ? [] : [['BACKUP', backup] as const]),
          ],
          io.stdout,
        ),
  );
  createLog(
    io,
    flags,
  )({
    level: 'info',
    message: isKnown ? 'it was there already; nothing was changed' : client.afterwards,
  });
  return EXIT.done;
}

function readServer({ url, name }: ClientAddArguments['flags']): { url: string; name: string } {
  if (url === undefined) {
    throw usageError('--url', 'missing', 'add the URL of the MCP endpoint');
  }
  if (name === undefined) {
    throw usageError('--name', 'missing', 'say how the client calls the server');
  }
  checkPublicUrl('--url', url);
  return { url, name };
}

function assertName({ client }: OpenClient, name: string): void {
  if (!client.name.test(name)) {
    throw usageError(
      '--name',
      `${client.title} takes no server of that name`,
      'use letters, digits, - and _',
    );
  }
}

function isSame(known: ServerEntry, entry: ServerEntry): boolean {
  const names = new Set([...Object.keys(known), ...Object.keys(entry)]);
  return [...names].every((name) => known[name] === entry[name]);
}
