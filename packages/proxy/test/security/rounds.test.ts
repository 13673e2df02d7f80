/** Results that take several rounds (2026-07-28): every round is a request like any other, judged whole. */

import { describe, expect, it } from 'vitest';
import { engine, fakeUpstream, harness, jsonResult } from '../support/fakes.ts';

const V26 = '2026-07-28';
const META = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}';
const STATE = '"eyJhbGciOiJub25lIn0 \\u00e9\\/\\" \\ud83d\\ude00"';

/** Everybody may delete what is theirs; nobody may call anything else. */
const OWN = engine((request) => {
  const args = request.arguments as Record<string, unknown> | undefined;
  return request.target === 'delete' && args?.['owner'] === request.identity?.subject;
});
const INPUT_REQUIRED = {
  resultType: 'input_required',
  inputRequests: { ok: { method: 'elicitation/create', params: { message: 'Sure?' } } },
  requestState: JSON.parse(STATE) as string,
};

const headers = (name: string, token = 'alice', method = 'tools/call') => ({
  authorization: `Bearer ${token}`,
  'mcp-protocol-version': V26,
  'mcp-method': method,
  'mcp-name': name,
});
const round = (params: string, method = 'tools/call'): string =>
  `{"jsonrpc":"2.0","id":1,"method":"${method}","params":{${params},${META}}}`;
const asksBack = () =>
  harness({ authorize: OWN, upstream: fakeUpstream(() => jsonResult('1', INPUT_REQUIRED)) });
const ANSWERS = '"inputResponses":{"ok":{"action":"accept"}}';
const FIRST = '"name":"delete","arguments":{"owner":"alice"}';
const SECOND = `${FIRST},${ANSWERS},"requestState":${STATE}`;

describe('an honest second round', () => {
  it('gets what the server asks, byte for byte', async () => {
    const text = `{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required", "requestState":${STATE},"inputRequests":{}}}`;
    const h = harness({
      authorize: OWN,
      upstream: fakeUpstream(
        () => new Response(text, { headers: { 'content-type': 'application/json' } }),
      ),
    });
    const response = await h.send(round(FIRST), { headers: headers('delete') });
    expect([response.status, await response.text()]).toEqual([200, text]);
  });

  it('reaches the server with the state untouched', async () => {
    const h = asksBack();
    expect((await h.send(round(SECOND), { headers: headers('delete') })).status).toBe(200);
    const [forwarded] = h.upstream.forwarded;
    expect(new TextDecoder().decode(forwarded?.message?.raw)).toBe(round(SECOND));
  });

  // Servers give equal states to different people, so a text says nothing about whose it is.
  it('may have a state that somebody else was given as well', async () => {
    const h = asksBack();
    for (const name of ['alice', 'bob']) {
      const body = (params: string): string => round(params.replace('"alice"', `"${name}"`));
      const sent = { headers: headers('delete', name) };
      expect((await h.send(body(FIRST), sent)).status).toBe(200);
      expect((await h.send(body(SECOND), sent)).status).toBe(200);
    }
    expect(h.upstream.forwarded).toHaveLength(4);
  });

  it('keeps its state when the tool is renamed', async () => {
    const upstream = fakeUpstream(() => jsonResult('1', INPUT_REQUIRED));
    const tools = { override: { delete: { name: 'remove' } } };
    const h = harness({ authorize: OWN, upstream, tools });
    const body = round(SECOND.replace('"delete"', '"remove"'));
    expect((await h.send(body, { headers: headers('remove') })).status).toBe(200);
    const raw = new TextDecoder().decode(upstream.forwarded[0]?.message?.raw);
    expect(raw).toBe(round(SECOND));
  });
});

const SWAPS: readonly (readonly [string, string, Record<string, string>])[] = [
  // Attempts: several rounds
  ['another tool', round(SECOND.replace('"delete"', '"drop_all"')), headers('drop_all')],
  [
    'another tool, the header of the first',
    round(SECOND.replace('"delete"', '"drop_all"')),
    headers('delete'),
  ],
  ['other arguments', round(SECOND.replace('"alice"', '"bob"')), headers('delete')],
  ['no arguments', round(SECOND.replace('{"owner":"alice"}', '{}')), headers('delete')],
  ['arguments twice', round(`${SECOND},"arguments":{"owner":"bob"}`), headers('delete')],
  ['arguments in another case', round(`${SECOND},"Arguments":{"owner":"bob"}`), headers('delete')],
  ['no name', round(`${ANSWERS},"requestState":${STATE}`), headers('delete')],
  ['the state of somebody else', round(SECOND), headers('delete', 'mallory')],
  [
    'the state of somebody else, for a call of one’s own',
    round(SECOND.replace('"delete"', '"approve"').replace('"alice"', '"mallory"')),
    headers('approve', 'mallory'),
  ],
  [
    'another method with the state',
    round(`"uri":"file:///secret",${ANSWERS},"requestState":${STATE}`, 'resources/read'),
    headers('file:///secret', 'alice', 'resources/read'),
  ],
  [
    'a method nobody knows',
    round(SECOND, 'tools/resume'),
    headers('delete', 'alice', 'tools/resume'),
  ],
  [
    'a method that only a server may use',
    round(SECOND, 'elicitation/create'),
    headers('delete', 'alice', 'elicitation/create'),
  ],
  [
    'an answer as a response of its own',
    '{"jsonrpc":"2.0","id":1,"result":{"action":"accept"}}',
    { 'mcp-protocol-version': V26 },
  ],
  ['a batch of two rounds', `[${round(FIRST)},${round(SECOND)}]`, headers('delete')],
  [
    'the first revision’s header',
    round(SECOND),
    { ...headers('delete'), 'mcp-protocol-version': '2025-11-25' },
  ],
];

describe('a dishonest second round', () => {
  it.each(SWAPS)('with %s does not reach the server', async (_, body, sent) => {
    const h = asksBack();
    expect((await h.send(round(FIRST), { headers: headers('delete') })).status).toBe(200);
    const response = await h.send(body, { headers: sent });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(h.upstream.forwarded).toHaveLength(1);
  });

  it('a permission that has been withdrawn in between is gone', async () => {
    let permitted = true;
    const upstream = fakeUpstream(() => jsonResult('1', INPUT_REQUIRED));
    const h = harness({ authorize: engine(() => permitted), upstream });
    expect((await h.send(round(FIRST), { headers: headers('delete') })).status).toBe(200);
    permitted = false;
    expect((await h.send(round(SECOND), { headers: headers('delete') })).status).toBe(403);
    expect(upstream.forwarded).toHaveLength(1);
  });

  it('what is smuggled in an answer is data, judged as part of its own call', async () => {
    const smuggled = `"inputResponses":{"ok":{"method":"tools/call","params":{"name":"drop_all"}}}`;
    const h = asksBack();
    const body = round(`${FIRST},${smuggled},"requestState":${STATE}`);
    expect((await h.send(body, { headers: headers('delete') })).status).toBe(200);
    expect(h.upstream.forwarded[0]?.message).toMatchObject({
      method: 'tools/call',
      params: { name: 'delete' },
    });
    expect(h.reports[0]).toMatchObject({ method: 'tools/call', target: 'delete' });
  });

  it('a list that is asked for with a state is filtered', async () => {
    const upstream = fakeUpstream(() =>
      jsonResult('1', { tools: [{ name: 'delete' }, { name: 'x' }] }),
    );
    const h = harness({ authorize: engine(({ target }) => target === 'delete'), upstream });
    const body = round(`"requestState":${STATE},${ANSWERS}`, 'tools/list');
    const sent = {
      authorization: 'Bearer alice',
      'mcp-protocol-version': V26,
      'mcp-method': 'tools/list',
    };
    expect(await (await h.send(body, { headers: sent })).json()).toMatchObject({
      result: { tools: [{ name: 'delete' }] },
    });
  });
});
