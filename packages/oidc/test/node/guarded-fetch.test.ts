/** D18 on real sockets: the address that is connected is the one that is judged. */
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOidcError } from '../../src/index.ts';
import { createGuardedFetch, type GuardedFetch, type GuardedFetchOptions } from '../../src/node.ts';
import { makeCertificate } from '../support/certificate.ts';

const folder = mkdtempSync(join(tmpdir(), 'oidc-'));
const servers: Server[] = [];
const opened: GuardedFetch[] = [];
let plain = 0;
let tls = 0;
let hits = 0;

const answer: RequestListener = (request, response) => {
  hits++;
  const path = request.url ?? '';
  if (path === '/redirect') response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
  else if (path === '/large') response.end('x'.repeat(5000));
  else if (path === '/gzip') response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
  else if (path === '/empty') response.writeHead(204).end();
  else if (path === '/hang') response.write('start');
  else {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () =>
      response.end(JSON.stringify({ method: request.method, headers: request.headers, body })),
    );
  }
};

function listen(server: Server): Promise<number> {
  servers.push(server);
  return new Promise((done) =>
    server.listen(0, '127.0.0.1', () => done((server.address() as AddressInfo).port)),
  );
}

function make(options: GuardedFetchOptions = {}): GuardedFetch {
  const guarded = createGuardedFetch(options);
  opened.push(guarded);
  return guarded;
}

const resolveTo =
  (...addresses: string[]): LookupFunction =>
  (_host, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

const refusal = async (work: Promise<unknown>) =>
  work.then(
    () => 'answered',
    (error: unknown) =>
      isOidcError(error) ? error.code : ((error as { code?: string }).code ?? 'failed'),
  );

beforeAll(async () => {
  const { key, cert } = makeCertificate('idp.internal', 'localhost');
  writeFileSync(join(folder, 'ca.pem'), cert);
  plain = await listen(createServer(answer));
  tls = await listen(createTlsServer({ key, cert }, answer) as unknown as Server);
});
afterAll(() => {
  for (const guarded of opened) guarded.close();
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  rmSync(folder, { recursive: true });
});

describe('createGuardedFetch', () => {
  it.each([
    ['10.0.0.5', {}],
    ['192.0.2.1', {}],
    ['10.0.0.5', { allowPrivateAddresses: true }],
  ])('a loopback name that leads to %s is refused (%o)', async (address, options) => {
    const guarded = make({ ...options, lookup: resolveTo(address) });
    expect(await refusal(guarded(`http://localhost:${plain}/`, {}))).toBe('ERR_OIDC_ADDRESS');
  });

  it('reaches a host that is loopback by its name', async () => {
    const response = await make()(`http://localhost:${plain}/x`, {
      method: 'POST',
      body: 'a=b',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-y': 'z' },
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      method: 'POST',
      body: 'a=b',
      headers: { 'x-y': 'z' },
    });
  });

  it.each([
    ['a name that resolves to loopback', ['127.0.0.1']],
    ['a name that resolves to IPv6 loopback', ['::1']],
    ['a name that resolves to a private address', ['10.1.2.3']],
    ['a name that resolves to a mapped private address', ['::ffff:10.1.2.3']],
    ['a name that resolves to cloud metadata', ['169.254.169.254']],
    ['a name that resolves to NAT64 of a private address', ['64:ff9b::a01:203']],
  ])('refuses %s', async (_, addresses) => {
    const guarded = make({ lookup: resolveTo(...addresses), allowInsecureHttp: true });
    const before = hits;
    expect(await refusal(guarded(`http://idp.example:${plain}/`, {}))).toBe('ERR_OIDC_ADDRESS');
    expect(hits).toBe(before);
  });

  it('leaves out the refused addresses of a name and uses the rest', async () => {
    const seen: unknown[] = [];
    const guarded = make({
      lookup: resolveTo('10.0.0.1', '192.0.2.1', '127.0.0.1'),
      allowPrivateAddresses: false,
    });
    // "localhost" may be loopback and nothing else, whatever the resolver says.
    const response = await guarded(`http://localhost:${plain}/`, {});
    seen.push(response.status);
    expect(seen).toEqual([200]);
  });

  it('checks the connected socket although the resolver was trusted', async () => {
    // A resolver that answers differently for `all` is the same as one that changes its answer.
    let calls = 0;
    const lookup: LookupFunction = (_host, _options, callback) => {
      calls++;
      callback(
        null,
        [{ address: '8.8.8.8', family: 4 }].map(() => ({
          get address() {
            return calls++ < 3 ? '8.8.8.8' : '127.0.0.1';
          },
          family: 4,
        })),
      );
    };
    const before = hits;
    const guarded = make({ lookup, allowInsecureHttp: true });
    expect(
      await refusal(guarded(`http://idp.example:${plain}/`, { signal: AbortSignal.timeout(2000) })),
    ).not.toBe('answered');
    expect(hits).toBe(before);
  });

  it.each([
    'http://10.0.0.1/',
    'https://10.0.0.1/',
    'https://[fd00::1]/',
    'https://[::ffff:7f00:1]/x',
    'https://169.254.169.254/latest',
    'https://2130706433/',
  ])('refuses the literal address %s', async (url) => {
    const loopback = url.includes('7f00') || url.includes('2130706433');
    expect(await refusal(make()(url, {}))).toBe(loopback ? 'ECONNREFUSED' : 'ERR_OIDC_ADDRESS');
  });

  it('refuses plain http elsewhere, and other schemes', async () => {
    expect(await refusal(make()('http://idp.example/', {}))).toBe('ERR_OIDC_ADDRESS');
    expect(await refusal(make()('ftp://localhost/', {}))).toBe('ERR_OIDC_ADDRESS');
  });

  it('reaches private addresses when allowed', async () => {
    const guarded = make({
      lookup: resolveTo('127.0.0.1'),
      allowPrivateAddresses: true,
      allowInsecureHttp: true,
    });
    expect((await guarded(`http://idp.example:${plain}/`, {})).status).toBe(200);
  });

  it('returns redirects instead of following them', async () => {
    const response = await make()(`http://localhost:${plain}/redirect`, {});
    expect([response.status, response.headers.get('location')]).toEqual([
      302,
      'http://169.254.169.254/',
    ]);
  });

  it('limits the body, refuses compressed ones, and takes empty ones', async () => {
    const guarded = make({ maxBytes: 1000 });
    expect(await refusal(guarded(`http://localhost:${plain}/large`, {}))).toBe('failed');
    expect(await refusal(guarded(`http://localhost:${plain}/gzip`, {}))).toBe('failed');
    expect((await guarded(`http://localhost:${plain}/empty`, {})).status).toBe(204);
  });

  it('stops when the caller does', async () => {
    const work = make()(`http://localhost:${plain}/hang`, { signal: AbortSignal.timeout(30) });
    expect(await refusal(work)).not.toBe('answered');
  });
});

describe('the CA bundle', () => {
  const url = () => `https://idp.internal:${tls}/`;
  const inside = { lookup: resolveTo('127.0.0.1'), allowPrivateAddresses: true };

  it('is trusted besides the system, and needed', async () => {
    expect(await refusal(make(inside)(url(), {}))).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
    const response = await make({ ...inside, caBundleFile: join(folder, 'ca.pem') })(url(), {});
    expect(response.status).toBe(200);
  });

  it('is read again when it changes, and kept when the change is broken', async () => {
    const file = join(folder, 'rotating.pem');
    const good = readFileSync(join(folder, 'ca.pem'), 'utf8');
    writeFileSync(file, makeCertificate('other').cert);
    const guarded = make({ ...inside, caBundleFile: file });
    expect(await refusal(guarded(url(), {}))).not.toBe('answered');
    writeFileSync(file, `# comment\n${good}`);
    expect(await refusal(guarded(url(), {}))).toBe('answered');
    writeFileSync(file, 'half written');
    expect(await refusal(guarded(url(), {}))).toBe('answered');
  });

  it('is read again when only its contents change', async () => {
    const file = join(folder, 'dated.pem');
    const [good, other] = [readFileSync(join(folder, 'ca.pem'), 'utf8'), makeCertificate('x').cert];
    const bring = (certificate: string): void => {
      writeFileSync(file, certificate.padEnd(4096));
      utimesSync(file, 0, 0);
    };
    bring(other);
    const guarded = make({ ...inside, caBundleFile: file });
    expect(await refusal(guarded(url(), {}))).not.toBe('answered');
    bring(good);
    expect(await refusal(guarded(url(), {}))).toBe('answered');
  });

  it.each([
    ['missing', undefined],
    ['without a certificate', 'nothing here'],
    ['with a broken certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'],
  ])('that is %s stops the start', (name, content) => {
    const file = join(folder, `bad-${name}.pem`);
    if (content !== undefined) writeFileSync(file, content);
    expect(() => createGuardedFetch({ caBundleFile: file })).toThrow(/"caBundleFile"/);
  });
});
