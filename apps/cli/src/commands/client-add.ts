/** `thv client add`: writes a server into a client's file. */

import { CliError, usageError } from '../cli-error.ts';
import { replaceClientFile } from '../clients/client-file.ts';
import type { ClientId } from '../clients/client-table.ts';
import { type ServerEntry, withServer } from '../clients/edit-servers.ts';
import { assertUsedHere, type OpenClient, openClient } from '../clients/open-client.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog, type Log } from '../log.ts';
import { toJsonLine } from '../output/json-line.ts';
import { renderFacts } from '../output/table.ts';
import { checkPublicUrl } from '../services/flag-values.ts';
import { describeWorkload } from '../workloads/describe-workload.ts';
import { findWorkload } from '../workloads/find-workload.ts';
import { lookAtWorkload } from '../workloads/look-at-workload.ts';
import type { Format, GlobalFlags } from './command-host.ts';

export interface ClientAddArguments {
  readonly id: ClientId;
  /** A server in the background; undefined for one by its URL. */
  readonly workload: string | undefined;
  readonly flags: GlobalFlags & {
    readonly url?: string;
    readonly name?: string;
    readonly file?: string;
    readonly force?: true;
    readonly format?: Format;
  };
}

export async function addToClient(
  { id, workload, flags }: ClientAddArguments,
  io: Io,
): Promise<ExitCode> {
  const log = createLog(io, flags);
  const { url, name } =
    workload === undefined
      ? readServer(flags)
      : { url: await findUrl(workload, flags, { io, log }), name: flags.name ?? workload };
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
  log({
    level: 'info',
    message: isKnown ? 'it was there already; nothing was changed' : client.afterwards,
  });
  return EXIT.done;
}

function readServer({ url, name }: ClientAddArguments['flags']): { url: string; name: string } {
  if (url === undefined) {
    throw usageError(
      'client add',
      'no server is named',
      'name one of thv list, or add --url and --name',
    );
  }
  if (name === undefined) {
    throw usageError('--name', 'missing', 'say how the client calls the server');
  }
  checkPublicUrl('--url', url);
  return { url, name };
}

async function findUrl(
  workload: string,
  flags: ClientAddArguments['flags'],
  { io, log }: { readonly io: Io; readonly log: Log },
): Promise<string> {
  if (flags.url !== undefined) {
    throw usageError('--url', 'means nothing beside a name', 'give the name with --name');
  }
  const { record, store } = await findWorkload(workload, io, log);
  const { clientUrl, status } = describeWorkload(await lookAtWorkload(record), store.folders);
  if (clientUrl === undefined) {
    throw new CliError({
      exitCode: EXIT.failed,
      what: workload,
      why: `it has no URL now: it is ${status}`,
      wayOut: `start it with thv start ${workload}`,
    });
  }
  return clientUrl;
}

function assertName({ client }: OpenClient, name: string): void {
  if (!client.name.test(name)) {
    throw usageError(
      '--name',
      `${client.title} takes no server of the name ${JSON.stringify(name)}`,
      'choose one of letters, digits, - and _',
    );
  }
}

function isSame(known: ServerEntry, entry: ServerEntry): boolean {
  const names = new Set([...Object.keys(known), ...Object.keys(entry)]);
  return [...names].every((name) => known[name] === entry[name]);
}
