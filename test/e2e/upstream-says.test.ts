/** What a server behind the proxy says, and what of it the caller gets. */
import type { ServerResponse } from 'node:http';
import type { DevIdp } from '@thv/cli/dev-idp';
import { beforeAll, describe, expect, it } from 'vitest';
import { type RawUpstream, startRawUpstream } from '../fixtures/raw-http-server.ts';
import { post, request, toolCall } from './support/mcp.ts';
import { ALICE, BOB, PAULA, signInFlags, startIdp, tokenFor } from './support/people.ts';
import { useStage } from './support/stage.ts';
import { dataFile, startThv, type Thv } from './support/thv.ts';

const stage = useStage();
let idp: DevIdp;
let upstream: RawUpstream;
let thv: Thv;
let bob: string;

beforeAll(async () => {
  idp = await startIdp(stage);
  upstream = await startRawUpstream();
  stage.defer(() => upstream.close());
  const flags = [...signInFlags(idp), '--authz-config', dataFile('authz-basic.json')];
  thv = await startThv(stage, [...flags, upstream.url]);
  bob = await tokenFor(idp, BOB);
});

const TOOLS = ['weather', 'admin_tool', 'calculator', 'echo'];
const toolList = (names: readonly string[]) =>
  `{"jsonrpc":"2.0","id":1,"result":{"tools":[${names
    .map(
      (name) =>
        `{"name":${JSON.stringify(name)},"inputSchema":{},"x-vendor":{"big":12345678901234567890}}`,
    )
    .join(',')}],"nextCursor":"c2","_meta":{"kept":true}}}`;

function answerEvents(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(text);
}

const namesIn = (text: string) => [...text.matchAll(/"name":"(\w+)"/g)].map(([, name]) => name);

describe('a list', () => {
  it.each([
    ['as JSON', (list: string) => list, 'application/json'],
    ['on an event stream', (list: string) => `event: message\ndata: ${list}\n\n`, undefined],
    ['on an event stream with carriage returns', (list: string) => `data: ${list}\r\r`, undefined],
    [
      'on an event stream after other events',
      (list: string) =>
        `: hello\n\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}\n\nid: 7\ndata: ${list}\n\n`,
      undefined,
    ],
    [
      'on an event stream, split over lines',
      (list: string) => `data: ${list.replace('"result"', '\ndata: "result"')}\n\n`,
      undefined,
    ],
    [
      'as an event stream that says it is JSON',
      (list: string) => `data: ${list}\n\n`,
      'application/json',
    ],
  ])('is filtered for each caller: %s', async (_how, encode, type = 'text/event-stream') => {
    upstream.setHandler((_request, response) => {
      response.writeHead(200, { 'content-type': type });
      response.end(encode(toolList(TOOLS)));
    });
    for (const [person, seen] of [
      [BOB, ['weather', 'calculator']],
      [ALICE, ['weather', 'admin_tool', 'calculator']],
      [PAULA, TOOLS],
    ] as const) {
      const token = await tokenFor(idp, person);
      const { status, text } = await post(thv.url, request('tools/list'), { token });
      expect(status).toBe(200);
      expect(namesIn(text), person.sub).toEqual(seen);
      expect(text).toContain('"nextCursor":"c2"');
    }
  });

  it.each([
    ['that is no list', '{"jsonrpc":"2.0","id":1,"result":{"tools":{"name":"admin_tool"}}}'],
    ['for another request', toolList(['admin_tool']).replace('"id":1', '"id":2')],
    [
      'with its result twice',
      toolList(['weather']).replace(
        '"result"',
        '"result":{"tools":[{"name":"admin_tool"}]},"result"',
      ),
    ],
    ['that ends too early', toolList(['admin_tool']).slice(0, -3)],
  ])('is withheld when it is an answer %s', async (_what, body) => {
    for (const asEvents of [false, true]) {
      upstream.setHandler((_request, response) => {
        if (asEvents) return answerEvents(response, `data: ${body}\n\n`);
        response.writeHead(200, { 'content-type': 'application/json' }).end(body);
      });
      const { message, text } = await post(thv.url, request('tools/list'), { token: bob });
      expect(text).not.toContain('admin_tool');
      expect(message).toMatchObject({ id: 1, error: { code: -32603 } });
    }
  });
});

describe('an upstream that misbehaves', () => {
  const call = () => post(thv.url, toolCall('weather', {}), { token: bob });

  it.each([301, 302, 303, 307, 308])(
    'and redirects with %i is answered with 502',
    async (status) => {
      const other = await startRawUpstream();
      upstream.setHandler((_request, response) => {
        response.writeHead(status, { location: other.url }).end();
      });
      const answer = await call();
      await other.close();
      expect(answer.status).toBe(502);
      expect(answer.message).toEqual({
        jsonrpc: '2.0',
        id: 1,
        error: { code: -32603, message: 'Upstream redirected' },
      });
      expect(answer.headers.get('location')).toBeNull();
      expect(other.requests).toEqual([]);
    },
  );

  it('and wants credentials of its own is answered with 502, not with its challenge', async () => {
    upstream.setHandler((_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Bearer realm="elsewhere"' }).end();
    });
    const answer = await call();
    expect(answer.status).toBe(502);
    expect(answer.headers.get('www-authenticate')).toBeNull();
  });

  it('and breaks the connection is answered with 502', async () => {
    upstream.setHandler((_request, response) => {
      response.destroy();
    });
    const answer = await call();
    expect([answer.status, answer.message.error?.message]).toEqual([502, 'Upstream unavailable']);
  });

  it('and sets cookies does not reach the caller with them', async () => {
    upstream.setHandler((_request, response) => {
      const headers = { 'content-type': 'application/json', 'set-cookie': 'a=b' };
      response.writeHead(200, headers).end('{"jsonrpc":"2.0","id":1,"result":{"content":[]}}');
    });
    const answer = await call();
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([200, null]);
  });
});

describe('a caller that leaves', () => {
  it('has its request ended at the upstream', async () => {
    let arrived: (aborted: Promise<void>) => void;
    const reached = new Promise<{ readonly aborted: Promise<void> }>((resolve) => {
      arrived = (aborted) => resolve({ aborted });
    });
    upstream.setHandler(({ aborted }) => arrived(aborted));
    const leaving = new AbortController();
    const call = fetch(thv.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${bob}` },
      body: JSON.stringify(toolCall('weather', {})),
      signal: leaving.signal,
    });
    const { aborted } = await reached;
    leaving.abort();
    await expect(call).rejects.toThrow();
    await aborted;
  });
});
