/** Lists that come on a stream that answers no request: opened by GET, or resumed by it. */

import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fakeUpstream, harness, W } from '../support/fakes.ts';

const sse = { 'content-type': 'text/event-stream' };
const SECRET = 'admin_tool';
const list = (id: string): string =>
  `{"jsonrpc":"2.0","id":${id},"result":{"tools":[{"name":"weather"},{"name":"${SECRET}"}]}}`;
const event = (data: string): string => `data: ${data}\n\n`;

/** What comes on the stream after the caller has asked for tools as 1, for prompts as 2, pinged as 3. */
const STREAMS: readonly (readonly [string, BodyInit, Record<string, string>?])[] = [
  // Attempts: list on GET stream
  ['the answer that was asked for', event(list('1'))],
  ['the id as text', event(list('"1"'))],
  ['the id as a fraction', event(list('1.0'))],
  ['the id of a prompt list', event(list('2'))],
  ['the id of a ping', event(list('3'))],
  ['an id of nobody', event(list('99'))],
  ['no id', event(list('null'))],
  ['the same answer twice', event(list('1')) + event(list('1'))],
  ['with an error beside it', event(list('1').replace('"result"', '"error":{},"result"'))],
  ['as a notification', event(list('1').replace('"id":1', '"method":"notifications/message"'))],
  ['as a question', event(list('1').replace('"id":1', '"id":1,"method":"roots/list"'))],
  ['in a batch', event(`[${list('1')}]`)],
  ['with CR alone', `event: message\rdata: ${list('1')}\r\r`],
  ['without an end', `data: ${list('1')}`],
  ['in two data lines', `data: ${list('1').replace(',"result"', ',\ndata: "result"')}\n\n`],
  ['under a name', `event: list\ndata: ${list('1')}\n\n`],
  ['after a resumption', `id: 7\nretry: 1\ndata: ${list('1')}\n\n`],
  ['as gzip', gzipSync(event(list('1'))), { ...sse, 'content-encoding': 'gzip' }],
  ['as a coding that nobody knows', event(list('1')), { ...sse, 'content-encoding': 'br' }],
  ['as JSON', list('1'), { 'content-type': 'application/json' }],
  ['as text', event(list('1')), { 'content-type': 'text/plain' }],
];

describe('a stream that answers no request', () => {
  it.each(STREAMS.map(([name, body, headers]) => [name, body, headers ?? sse] as const))(
    'shows nobody a tool that is not theirs: %s',
    async (_name, body, headers) => {
      const upstream = fakeUpstream((message) =>
        message === undefined
          ? new Response(body, { headers })
          : new Response(': later\n\n', { headers: sse }),
      );
      const h = harness({ authorize: W, upstream });
      for (const [id, method] of [
        [1, 'tools/list'],
        [2, 'prompts/list'],
        [3, 'ping'],
      ]) {
        await (await h.send(JSON.stringify({ jsonrpc: '2.0', id, method }))).text();
      }
      for (const more of [{}, { 'last-event-id': '6' }]) {
        const opened = { accept: 'text/event-stream', ...more };
        const response = await h.send('', { method: 'GET', headers: opened });
        expect(await response.text()).not.toContain(SECRET);
      }
    },
  );
});
