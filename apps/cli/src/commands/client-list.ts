/** `thv client list`: which client knows which server. */

import { CliError } from '../cli-error.ts';
import { CLIENT_IDS, CLIENTS, type ClientId } from '../clients/client-table.ts';
import { type OpenClient, openClient } from '../clients/open-client.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog } from '../log.ts';
import { toJsonLine } from '../output/json-line.ts';
import { renderTable } from '../output/table.ts';
import type { Format, GlobalFlags } from './command-host.ts';

export interface ClientListArguments {
  readonly flags: GlobalFlags & { readonly format?: Format };
}

interface Row {
  readonly client: string;
  readonly name: string;
  readonly url: string;
}

export async function listClients({ flags }: ClientListArguments, io: Io): Promise<ExitCode> {
  const log = createLog(io, flags);
  const found = await Promise.all(
    CLIENT_IDS.map(async (id) => {
      try {
        return { id, opened: await openClient(id, undefined, io) };
      } catch (error) {
        if (!(error instanceof CliError) || error.exitCode !== EXIT.failed) {
          throw error;
        }
        // The other clients are still worth listing.
        log({ level: 'warn', message: `${CLIENTS[id].title}: ${error.what}: ${error.why}` });
        return { id, opened: undefined };
      }
    }),
  );
  io.out(
    flags.format === 'json'
      ? toJsonLine(found.map(({ id, opened }) => toData(id, opened)))
      : renderRows(
          found.flatMap(({ id, opened }) => serversOf(id, opened)),
          io,
        ),
  );
  return found.every(({ opened }) => opened !== undefined) ? EXIT.done : EXIT.failed;
}

function toData(id: ClientId, opened: OpenClient | undefined) {
  return {
    client: id,
    file: opened?.shownPath ?? null,
    state: opened === undefined ? 'unusable' : opened.file.mode === undefined ? 'missing' : 'ok',
    servers: serversOf(id, opened).map(({ name, url }) => ({ name, url })),
  };
}

/** Those with a URL. What starts a command, or is sent along, is the client's own affair. */
function serversOf(id: ClientId, opened: OpenClient | undefined): readonly Row[] {
  return [...(opened?.servers ?? [])].flatMap(([name, { url }]) =>
    typeof url === 'string' ? [{ client: id, name, url: withoutSecrets(url) }] : [],
  );
}

/** Some servers take their keys in the URL. */
function withoutSecrets(text: string): string {
  const url = URL.parse(text);
  if (url === null) {
    return '(no URL)';
  }
  return `${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`;
}

function renderRows(rows: readonly Row[], io: Io): string {
  if (rows.length === 0) {
    return 'No client has a server with a URL.\n';
  }
  return renderTable<Row>(
    [
      { title: 'CLIENT', cell: ({ client }) => client },
      { title: 'NAME', cell: ({ name }) => name },
      { title: 'URL', cell: ({ url }) => url },
    ],
    rows,
    io.stdout,
  );
}
