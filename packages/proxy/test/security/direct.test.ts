/** What the fast way of a POST must have in common with the slow one, whatever the client does. */

import { connect } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type AuditRecord, createRateLimits, type ProxyOptions } from '../../src/index.ts';
import { createUndiciUpstream } from '../../src/node/index.ts';
import { authenticate, fakeUpstream, identity } from '../support/fakes.ts';
import { rawServer, request, serve, type Wire } from './wire.ts';

const weather = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather"}}';

async function open(...args: Parameters<typeof serve>): Promise<Wire> {
  const wire = await serve(...args);
  onTestFinished(wire.close);
  return wire;
}

describe('a client that leaves while its token is checked', () => {
  it.each([
    ['with its body sent', (port: number) => request(port, weather)],
    ['with its body on the way', (port: number) => request(port, weather).slice(0, -5)],
    ['with no body begun', (port: number) => request(port, weather).slice(0, -weather.length)],
  ])('%s is recorded, and reaches nothing', async (_name, bytes) => {
    const records: AuditRecord[] = [];
    const asked = Promise.withResolvers<void>();
    const upstream = fakeUpstream();
    const verify: ProxyOptions['authenticate']['verify'] = async ({ signal }) => {
      const left = new Promise((resolve) => signal.addEventListener('abort', resolve));
      asked.resolve();
      await left;
      // The request itself is told in its own time.
      await new Promise(setImmediate);
      return identity();
    };
    const sink = {
      write: async (record: AuditRecord) => void records.push(record),
      ready: () => undefined,
    };
    const wire = await open(upstream, {
      authenticate: { ...authenticate, verify },
      audit: { sink, server: 's', required: true },
    });
    const socket = connect(wire.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(bytes(wire.port));
    await asked.promise;
    socket.destroy();
    await vi.waitFor(() => expect(records).toHaveLength(1));
    expect(records[0]).toMatchObject({ status: 499, reason: 'client-gone', sub: 'u' });
    expect(upstream.forwarded).toEqual([]);
  });
});

describe('a Host', () => {
  it.each(['?x', '#x', '?', '#', '/', '?@evil.example', '\\x', '\t0', '%30'])(
    'with %s behind it is none',
    async (rest) => {
      const upstream = fakeUpstream();
      const wire = await open(upstream);
      const host = `Host: 127.0.0.1:${wire.port}`;
      const answer = await wire.raw(request(wire.port, weather).replace(host, host + rest));
      expect(answer).toMatch(/^HTTP\/1\.1 40[03] /);
      expect(upstream.forwarded).toEqual([]);
    },
  );
});

describe('a client that resets its connection as soon as it has sent a bad token', () => {
  it.each(['POST', 'GET'])('of a %s is counted, since its token was looked at', async (method) => {
    let looked = 0;
    const verify: ProxyOptions['authenticate']['verify'] = async (one) => {
      looked += 1;
      return authenticate.verify(one);
    };
    const wire = await open(fakeUpstream(), {
      authenticate: { ...authenticate, verify },
      limits: createRateLimits({ failedSignIns: { requests: 2, window: 60_000 } }),
    });
    const text = request(wire.port, weather, { method }).replace('Bearer u', 'Bearer !');
    for (let count = 0; count < 10; count += 1) {
      await new Promise<void>((resolve) => {
        const socket = connect(wire.port, '127.0.0.1', () => {
          socket.write(text);
          socket.resetAndDestroy();
        });
        socket.on('error', () => undefined);
        socket.on('close', () => resolve());
      });
    }
    // Whatever became of those, one more is answered after them.
    expect(await wire.raw(text)).toMatch(/^HTTP\/1\.1 4(?:01|29) /);
    expect(looked).toBeLessThanOrEqual(2);
    expect(wire.errors).toEqual([]);
  });
});

// undici refuses them; an upstream of one's own may have such headers, which Web `Headers` admit.
describe('an answer with a header that Node does not write', () => {
  it.each(['a\x01b', 'a\x7fb'])('is a 502, and its stream is let go: %j', async (value) => {
    const cancelled = vi.fn();
    const upstream = fakeUpstream(() => {
      const body = new ReadableStream({ cancel: cancelled });
      return new Response(body, { headers: { 'content-type': 'text/event-stream', x: value } });
    });
    const wire = await open(upstream);
    expect(await wire.raw(request(wire.port, weather))).toMatch(/^HTTP\/1\.1 502 /);
    await vi.waitFor(() => expect(cancelled).toHaveBeenCalledOnce());
  });
});

describe('a header beyond ASCII', () => {
  const result = (text: string): string =>
    `{"jsonrpc":"2.0","id":1,"result":{"content":"${text}"}}`;
  const list = (text: string): string =>
    `{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"weather","title":"${text}"},{"name":"rm"}]}}`;
  const calls = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
  it.each([
    ['a whole answer', weather, 'application/json', result('it')],
    ['a whole answer beyond ASCII', weather, 'application/json', result('ïť')],
    ['a list that was cut', calls, 'application/json', list('it')],
    ['a list beyond ASCII that was cut', calls, 'application/json', list('ïť')],
    ['an event stream', weather, 'text/event-stream', `data: ${result('ïť')}\n\n`],
  ])('of %s has the same bytes on both sides', async (_name, message, type, body) => {
    const server = await rawServer((_request, socket) => {
      const head = [
        'HTTP/1.1 200 OK',
        `Content-Type: ${type}`,
        `Content-Length: ${Buffer.byteLength(body)}`,
        'X-Name: caf\xe9 \xe2\x82\xac',
      ];
      socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'));
      socket.write(body);
    });
    onTestFinished(server.close);
    const wire = await open(createUndiciUpstream({ url: server.url }));
    const sent = request(wire.port, message, { headers: ['X-Name: na\xefve'] });
    const answer = await wire.raw(Buffer.from(sent, 'latin1'));
    expect(server.seen[0]).toMatch(/\r\nx-name: na\xefve\r\n/i);
    expect(answer).toMatch(/\r\nx-name: caf\xe9 \xe2\x82\xac\r\n/i);
    const text = Buffer.from(answer, 'latin1').toString();
    expect(text).toContain(body.includes('ï') ? '"ïť"' : '"it"');
    expect(text).not.toContain('"rm"');
  });
});
