/** The cluster as an issuer, over real TLS with a private CA and a token that is rotated. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTokenValidator } from '../../src/index.ts';
import { createKubernetesIssuer } from '../../src/node.ts';
import { makeCertificate } from '../support/certificate.ts';
import { createFakeProvider, type FakeProvider } from '../support/fake-provider.ts';
import { signingKey } from '../support/keys.ts';
import { outcome } from '../support/validator.ts';

const ISSUER = 'https://kubernetes.default.svc.cluster.local';
const folder = mkdtempSync(join(tmpdir(), 'oidc-k8s-'));
const path = (name: string) => join(folder, name);
let provider: FakeProvider;
let accepted = 'one';
const seen: (string | undefined)[] = [];
let close = () => {};
let port = 0;

beforeAll(async () => {
  provider = await createFakeProvider(ISSUER);
  const { key, cert } = makeCertificate('localhost');
  writeFileSync(path('ca.crt'), cert);
  const server = createServer({ key, cert }, (request, response) => {
    seen.push(request.headers.authorization);
    if (request.headers.authorization !== `Bearer ${accepted}`) response.writeHead(401).end();
    else response.end(JSON.stringify({ keys: provider.keys }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  port = (server.address() as AddressInfo).port;
  close = () => {
    server.close();
    server.closeAllConnections();
  };
});
afterAll(() => {
  close();
  rmSync(folder, { recursive: true });
});

it('validates service-account tokens and follows the rotation of its own token', async () => {
  writeFileSync(path('token'), 'one\n');
  const issuer = await createKubernetesIssuer({
    audiences: ['mcp'],
    issuer: ISSUER,
    jwksUrl: `https://localhost:${port}/openid/v1/jwks`,
    tokenFile: path('token'),
    caBundleFile: path('ca.crt'),
    serviceAccounts: [{ namespace: 'ai', name: 'agents' }],
  });
  const validator = createTokenValidator({ issuers: [issuer], now: provider.now });
  const sign = async (name: string, key = 'k1') =>
    provider.sign(
      provider.claims({ sub: `system:serviceaccount:ai:${name}` }),
      {},
      await signingKey(key),
    );

  expect(await outcome(validator.validate(await sign('agents')))).toBe('accepted');
  expect(await outcome(validator.validate(await sign('other')))).toBe('ERR_OIDC_SERVICE_ACCOUNT');

  accepted = 'rotated';
  writeFileSync(path('token'), 'rotated\n');
  provider.keys = [(await signingKey('k2')).publicJwk];
  expect(await outcome(validator.validate(await sign('agents', 'k2')))).toBe('accepted');
  expect(seen).toEqual(['Bearer one', 'Bearer rotated']);
  validator.close();
});
