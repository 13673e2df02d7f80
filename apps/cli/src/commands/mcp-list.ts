/** `thv mcp list`: what a server offers. */
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog } from '../log.ts';
import { renderList } from '../output/offer-table.ts';
import { withProgress } from '../output/progress.ts';
import { planConnection, type ServerFlags } from '../services/mcp-flags.ts';
import { withoutSecrets } from '../services/mcp-refusal.ts';
import type { ListName } from '../services/server-offer.ts';
import type { Format, GlobalFlags } from './command-host.ts';

export interface McpListArguments {
  readonly list: ListName;
  readonly flags: ServerFlags & GlobalFlags & { readonly format?: Format };
}

export async function listOffer({ list, flags }: McpListArguments, io: Io): Promise<ExitCode> {
  const log = createLog(io, flags);
  const connection = await planConnection(flags, { io, log });
  const { readList } = await import('../services/server-offer.ts');
  const what = `asking ${connection.url}`;
  const items = await withProgress({ io, quiet: flags.quiet }, what, () =>
    readList(connection, list),
  );
  const { format = 'text' } = flags;
  if (items.length === 0 && format === 'text') {
    log({ level: 'info', message: `${connection.url} shows this caller no ${list}` });
    return EXIT.done;
  }
  const { secrets } = connection;
  // Before they are cut, or the beginning of a token could stay.
  const shown: typeof items = JSON.parse(withoutSecrets(JSON.stringify(items), secrets));
  const text = renderList(list, shown, { format, screen: io.stdout });
  io.out(withoutSecrets(text, secrets));
  return EXIT.done;
}
