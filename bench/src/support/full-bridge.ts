/** Everything before a stdio server, whose command is COMMAND, as JSON. */

import { createStdioUpstream } from '@thv/proxy/node';
import { serveFull } from './full.ts';

// Safe: the benchmark that starts this writes it.
const [command = '', ...args] = JSON.parse(process.env['COMMAND'] ?? '[]') as string[];
const upstream = createStdioUpstream({
  ...{ command, args, env: { PATH: process.env['PATH'] ?? '' } },
  log: () => undefined,
});
await upstream.ready(AbortSignal.timeout(60_000));
await serveFull(upstream, { tool: 'echo', argument: 'message', forbidden: 'forbidden' });

process.once('SIGTERM', () => void upstream.close().then(() => process.exit()));
