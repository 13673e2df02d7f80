/** What the full path keeps: the heap after 100,000 requests beside that after 10,000. Budget: ≤ 1.1 ×. */

import { startChild } from '../support/children.ts';
import { send } from '../support/load.ts';

const upstream = await startChild('upstream-server.ts');
const full = await startChild('full-proxy.ts', { UPSTREAM: upstream.said['url'] ?? '' }, [
  '--expose-gc',
]);
const { url = '', token = '' } = full.said;

await send(url, token, { amount: 10_000 });
const early = await heap();
await send(url, token, { amount: 90_000 });
const late = await heap();
const ratio = late / early;
const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(2);
process.stdout.write(
  `heap after collection: ${mib(early)} MiB after 10,000 requests, ${mib(late)} MiB after 100,000\n` +
    `budget: ≤ 1.1 ×: ${ratio.toFixed(3)} ${ratio <= 1.1 ? 'kept' : 'BROKEN'}\n`,
);
process.exit(ratio <= 1.1 ? 0 : 1);

/** Bytes. */
async function heap(): Promise<number> {
  const line = full.nextLine();
  full.process.kill('SIGUSR2');
  return Number(await line);
}
