/** A request of Node's server as a Web request: what a client library would hide is written raw. */
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { parseBearer } from '../../src/index.ts';
import { type NodeRequest, toWebRequest } from '../../src/node.ts';

/** Sends lines as they are to a real server and returns the request it makes of them. */
async function receive(lines: readonly string[]): Promise<Request> {
  const { promise, resolve, reject } = Promise.withResolvers<Request>();
  const server = createServer((request, response) => {
    try {
      resolve(toWebRequest(request));
    } catch (error) {
      reject(error);
    }
    response.end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.end([...lines, 'Connection: close', '', ''].join('\r\n'));
  socket.resume();
  return promise.finally(() => server.close());
}

const socket = {} as NodeRequest['socket'];

describe('toWebRequest', () => {
  it('keeps method, URL and headers', async () => {
    const { method, url, headers } = await receive([
      'PATCH /notes?a=1&b=%2F HTTP/1.1',
      'Host: notes.test:8080',
      'Authorization: Bearer abc',
      'X-Latin: caf\xe9',
    ]);
    expect({ method, url }).toEqual({
      method: 'PATCH',
      url: 'http://notes.test:8080/notes?a=1&b=%2F',
    });
    expect(parseBearer(headers.get('authorization'))).toBe('abc');
    expect(headers.get('host')).toBe('notes.test:8080');
  });

  it('keeps a repeated Authorization header, so that it can be refused', async () => {
    const { headers } = await receive([
      'GET / HTTP/1.1',
      'Host: h',
      'Authorization: Bearer abc',
      'authorization: Bearer def',
    ]);
    expect(headers.get('authorization')).toBe('Bearer abc, Bearer def');
    expect(() => parseBearer(headers.get('authorization'))).toThrow(
      expect.objectContaining({ code: 'ERR_OIDC_CREDENTIALS_MALFORMED' }),
    );
  });

  it.each([
    ['two slashes at the beginning', '//evil.test/x', 'h', 'http://h//evil.test/x'],
    ['a whole URL', 'http://evil.test/x', 'h', 'http://h/'],
    ['an asterisk', '*', 'h', 'http://h/'],
    ['a host with a user', '/x', 'user@evil.test', 'http://localhost/x'],
    ['a host that is none', '/x', 'a b', 'http://localhost/x'],
    ['an empty host', '/x', '', 'http://localhost/x'],
    ['a host with a path', '/x', 'h/y', 'http://localhost/x'],
    ['a port that is none', '/x', 'h:99999', 'http://localhost/x'],
    ['an IPv6 host', '/x', '[::1]:80', 'http://[::1]/x'],
  ])('makes a URL of %s', (_, url, host, expected) => {
    const rawHeaders = ['Host', host];
    expect(toWebRequest({ method: 'GET', url, rawHeaders, socket }).url).toBe(expected);
  });

  it('takes the whole path from Express, and https from an encrypted socket', () => {
    const encrypted = { encrypted: true } as unknown as NodeRequest['socket'];
    const request = { url: '/x', originalUrl: '/app/x', rawHeaders: ['Host', 'h'] };
    expect(toWebRequest({ ...request, socket: encrypted })).toMatchObject({
      method: 'GET',
      url: 'https://h/app/x',
    });
  });

  it('leaves out what HTTP/2 puts among the headers', () => {
    const rawHeaders = [':method', 'GET', ':authority', 'h', 'Accept', '*/*'];
    const { headers } = toWebRequest({ method: 'GET', url: '/', rawHeaders, socket });
    expect([...headers]).toEqual([['accept', '*/*']]);
  });

  it('refuses a method that no Request can have', async () => {
    await expect(receive(['TRACE / HTTP/1.1', 'Host: h'])).rejects.toThrow(TypeError);
  });
});
