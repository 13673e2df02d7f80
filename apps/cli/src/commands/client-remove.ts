/** `thv client remove`: takes a server out of a client's file. */

import { CliError } from '../cli-error.ts';
import { replaceClientFile } from '../clients/client-file.ts';
import type { ClientId } from '../clients/client-table.ts';
import { withoutServer } from '../clients/edit-servers.ts';
import { openClient } from '../clients/open-client.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { toJsonLine } from '../output/json-line.ts';
import { renderFacts } from '../output/table.ts';
import type { Format, GlobalFlags } from './command-host.ts';

export interface ClientRemoveArguments {
  readonly id: ClientId;
  readonly name: string;
  readonly flags: GlobalFlags & { readonly file?: string; readonly format?: Format };
}

export async function removeFromClient(
  { id, name, flags }: ClientRemoveArguments,
  io: Io,
): Promise<ExitCode> {
  const { client, file, servers, shownPath } = await openClient(id, flags.file, io);
  const entry = servers.get(name);
  if (entry === undefined) {
    throw notRemoved(name, `${client.title} has no server of that name`, 'see thv client list');
  }
  if (typeof entry['url'] !== 'string') {
    throw notRemoved(name, 'it is none of thv: it has no URL', `edit ${shownPath}`);
  }
  const backup = await replaceClientFile(file, withoutServer(file.text, { key: client.key, name }));
  io.out(
    flags.format === 'json'
      ? toJsonLine({ client: id, name, file: shownPath, backup: backup ?? null })
      : renderFacts(
          [
            ['CLIENT', client.title],
            ['REMOVED', name],
            ['FILE', shownPath],
            ['BACKUP', backup ?? 'none'],
          ],
          io.stdout,
        ),
  );
  return EXIT.done;
}

function notRemoved(what: string, why: string, wayOut: string): CliError {
  return new CliError({
    exitCode: EXIT.failed,
    what,
    why,
    wayOut: `${wayOut}; nothing was changed`,
  });
}
