/** Nobody chooses the address that a request is counted and reported under. */

import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Listener, listen } from '../../src/node/index.ts';
import { harness } from '../support/fakes.ts';

type Row = readonly [
  name: string,
  given: { readonly peer?: string; readonly trusted?: readonly string[] },
  headers: Readonly<Record<string, string>>,
  source: string | undefined,
];

const PROXY = '10.0.0.1';
const CALLER = '203.0.113.9';
const EVIL = '198.51.100.66';
const behind = { peer: PROXY, trusted: ['10.0.0.0/24'] };
const v6 = { peer: '2001:db8:f::1', trusted: ['2001:db8:f::/48'] };

const SPOOFS: readonly Row[] = [
  ['a header and no trusted proxies', { peer: CALLER }, { 'x-forwarded-for': EVIL }, CALLER],
  ['Forwarded and no trusted proxies', { peer: CALLER }, { forwarded: `for=${EVIL}` }, CALLER],
  [
    'a header from a peer that is not trusted',
    { ...behind, peer: CALLER },
    { 'x-forwarded-for': EVIL },
    CALLER,
  ],
  ['a left-most entry', behind, { 'x-forwarded-for': `${EVIL}, ${CALLER}` }, CALLER],
  [
    'trusted addresses further left',
    behind,
    { 'x-forwarded-for': `${EVIL}, 10.0.0.3, ${CALLER}, 10.0.0.2` },
    CALLER,
  ],
  [
    'the proxy itself, written by the caller',
    behind,
    { 'x-forwarded-for': `10.0.0.9, ${CALLER}` },
    CALLER,
  ],
  ['an entry without an end', behind, { 'x-forwarded-for': `"${EVIL}, ${CALLER}` }, CALLER],
  [
    'other headers of the kind',
    behind,
    { 'x-real-ip': EVIL, 'x-client-ip': EVIL, 'true-client-ip': EVIL, 'cf-connecting-ip': EVIL },
    PROXY,
  ],
  [
    'Forwarded beside the header that the proxy writes',
    behind,
    { 'x-forwarded-for': CALLER, forwarded: `for=${EVIL}` },
    PROXY,
  ],
  [
    'the header beside a Forwarded that the proxy writes',
    behind,
    { 'x-forwarded-for': EVIL, forwarded: `for=${CALLER}` },
    PROXY,
  ],
  [
    'an unreadable Forwarded beside the header',
    behind,
    { 'x-forwarded-for': CALLER, forwarded: 'for="' },
    PROXY,
  ],
  [
    'a Forwarded that a quote swallows',
    behind,
    { forwarded: `for="${EVIL}, for=${CALLER}` },
    PROXY,
  ],
  [
    'an address in the host of a Forwarded',
    behind,
    { forwarded: `for=${CALLER};host="a, for=${EVIL}"` },
    CALLER,
  ],
  [
    'an escaped quote in the host of a Forwarded',
    behind,
    { forwarded: `for=${CALLER};host="a\\", for=${EVIL};x=\\""` },
    CALLER,
  ],
  ['for given twice in an element', behind, { forwarded: `for=${CALLER};For=${EVIL}` }, PROXY],
  ['a left-most element', behind, { forwarded: `for=${EVIL}, for=${CALLER}` }, CALLER],
  ['octal', behind, { 'x-forwarded-for': `${EVIL}, 0313.0.0161.011` }, PROXY],
  ['one number', behind, { 'x-forwarded-for': `${EVIL}, 3405803785` }, PROXY],
  [
    'a trusted address in its mapped form',
    behind,
    { 'x-forwarded-for': `${EVIL}, ${CALLER}, ::ffff:10.0.0.2` },
    CALLER,
  ],
  [
    'an IPv4 address that looks like the IPv6 range',
    v6,
    { 'x-forwarded-for': `${EVIL}, 32.1.13.184` },
    '32.1.13.184',
  ],
];

const READINGS: readonly Row[] = [
  ['nothing known', {}, { 'x-forwarded-for': EVIL }, undefined],
  ['a peer that is no address', { peer: 'localhost' }, {}, undefined],
  ['a trusted peer without headers', behind, {}, PROXY],
  ['one proxy', behind, { 'x-forwarded-for': CALLER }, CALLER],
  ['two proxies', behind, { 'x-forwarded-for': `${CALLER}, 10.0.0.2` }, CALLER],
  ['proxies all the way', behind, { 'x-forwarded-for': '10.0.0.3,10.0.0.2' }, '10.0.0.3'],
  ['a port', behind, { 'x-forwarded-for': `${CALLER}:4711` }, CALLER],
  ['a port after IPv6', behind, { 'x-forwarded-for': '[2001:DB8::A]:4711' }, '2001:db8::a'],
  ['IPv6 without brackets', behind, { 'x-forwarded-for': '2001:db8:0:0:0:0:0:1' }, '2001:db8::1'],
  ['a mapped address', behind, { 'x-forwarded-for': '::ffff:203.0.113.9' }, CALLER],
  ['a mapped address in hexadecimal', behind, { 'x-forwarded-for': '::ffff:cb00:7109' }, CALLER],
  ['a mapped peer', { ...behind, peer: `::ffff:${PROXY}` }, { 'x-forwarded-for': CALLER }, CALLER],
  [
    'a mapped range',
    { peer: PROXY, trusted: ['::ffff:10.0.0.0/120'] },
    { 'x-forwarded-for': CALLER },
    CALLER,
  ],
  ['a zone', { peer: 'fe80::1%eth0' }, {}, 'fe80::1'],
  ['a trusted IPv6 peer', v6, { 'x-forwarded-for': CALLER }, CALLER],
  [
    'the end of a proxy that hides the caller',
    behind,
    { forwarded: `for=${EVIL}, for=_hidden` },
    PROXY,
  ],
  [
    'unknown behind the second proxy',
    behind,
    { 'x-forwarded-for': `${EVIL}, unknown, 10.0.0.2` },
    '10.0.0.2',
  ],
  ['an empty header', behind, { 'x-forwarded-for': '' }, PROXY],
  ['an empty entry', behind, { 'x-forwarded-for': `${EVIL}, ` }, PROXY],
  ['only commas', behind, { 'x-forwarded-for': ',,,' }, PROXY],
  [
    'Forwarded with everything',
    behind,
    { forwarded: 'For="[2001:db8::17]:4711";proto=https;by=10.0.0.1;host=a.example' },
    '2001:db8::17',
  ],
  [
    'Forwarded in several elements',
    behind,
    { forwarded: `for=${CALLER} , for=10.0.0.2;secret=x` },
    CALLER,
  ],
  ['an element without for', behind, { forwarded: `for=${EVIL}, proto=https` }, PROXY],
  [
    'both headers in agreement',
    behind,
    { 'x-forwarded-for': `${EVIL}, ${CALLER}`, forwarded: `for=${CALLER}` },
    CALLER,
  ],
];

describe.each([
  ['cannot be spoofed by', SPOOFS],
  ['is read from', READINGS],
] as const)('the source', (what, rows) => {
  it.each(rows)(`${what} %s`, async (_name, { peer, trusted }, headers, source) => {
    const { proxy, reports } = harness({ trustedProxies: trusted ?? [] });
    await proxy.fetch(request(headers), peer === undefined ? undefined : { peerAddress: peer });
    expect(reports.map((report) => report.source)).toEqual([source]);
  });
});

describe('trustedProxies', () => {
  it.each([
    ['10.0.0.1/8', /names a host in the range; write 10\.0\.0\.0\/8/],
    ['2001:db8::1/32', /write 2001:db8::\/32/],
    ['0.0.0.0/0', /any caller could choose/],
    ['::/0', /any caller could choose/],
    ['::ffff:0:0/96', /any caller could choose/],
    ['::ffff:0:0/95', /at most 128/],
    ['10.0.0.0/33', /at most 32/],
    ['10.0.0.0/', /is not an IP address or range/],
    ['10.0.0/8', /is not an IP address or range/],
    ['010.0.0.0/8', /is not an IP address or range/],
    ['proxy.example.com', /is not an IP address or range/],
    ['*', /is not an IP address or range/],
    ['', /is not an IP address or range/],
  ])('refuses %j', (entry, message) => {
    const create = (): unknown => harness({ trustedProxies: ['10.0.0.1', entry] });
    expect(create).toThrow(TypeError);
    expect(create).toThrow(message);
  });
});

describe('listen', () => {
  let listener: Listener | undefined;
  afterEach(() => listener?.close(0));

  it('tells the peer of every request on a connection, whatever the headers say', async () => {
    const { proxy, reports } = harness({ origins: {}, trustedProxies: ['127.0.0.2'] });
    listener = await listen({ host: '127.0.0.1', port: 0 });
    listener.answer(proxy.fetch);
    await rawRequests(listener.port, [
      'x-forwarded-for: 198.51.100.66',
      'peeraddress: 198.51.100.66',
    ]);
    expect(reports.map(({ source }) => source)).toEqual(['127.0.0.1', '127.0.0.1']);
  });

  it('tells it to what answers directly, too', async () => {
    const { proxy, reports } = harness({ origins: {}, trustedProxies: ['127.0.0.2'] });
    listener = await listen({ host: '127.0.0.1', port: 0 });
    listener.answer(proxy.fetch, () => proxy.answer);
    await fetch(`http://127.0.0.1:${listener.port}/mcp`, {
      method: 'POST',
      headers: { 'x-forwarded-for': EVIL },
      body: '{}',
    });
    expect(reports.map(({ source }) => source)).toEqual(['127.0.0.1']);
  });

  it.each(['GET', 'POST'])('joins repeated headers of a %s in their order', async (method) => {
    const { proxy, reports } = harness({ origins: {}, trustedProxies: ['127.0.0.1'] });
    listener = await listen({ host: '127.0.0.1', port: 0 });
    listener.answer(proxy.fetch, () => proxy.answer);
    const headers = [`X-Forwarded-For: ${EVIL}`, `x-forwarded-for: ${CALLER}`];
    await rawRequests(listener.port, headers, method);
    expect(reports.map(({ source }) => source)).toEqual([CALLER, CALLER]);
  });
});

/** Sends two requests on one connection and waits for its end. */
function rawRequests(port: number, headers: readonly string[], method = 'GET'): Promise<void> {
  const head = (connection: string): string =>
    [
      `${method} /mcp HTTP/1.1`,
      'host: localhost',
      ...headers,
      `connection: ${connection}`,
      '',
      '',
    ].join('\r\n');
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.write(`${head('keep-alive')}${head('close')}`);
    });
    socket.on('error', reject).on('close', () => resolve());
    socket.resume();
  });
}

function request(headers: Readonly<Record<string, string>>): Request {
  return new Request('http://localhost:8080/mcp', { method: 'POST', headers });
}
