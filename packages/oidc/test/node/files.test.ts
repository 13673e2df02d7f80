import { mkdtempSync, rmSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createKubernetesIssuer, createSecretFile } from '../../src/node.ts';
import { createFakeProvider } from '../support/fake-provider.ts';
import { outcome } from '../support/validator.ts';

const folder = mkdtempSync(join(tmpdir(), 'oidc-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);

describe('createSecretFile', () => {
  it('trims, and reads again after a change', async () => {
    writeFileSync(path('secret'), '  one\n');
    const read = createSecretFile(path('secret'));
    expect(await read()).toBe('one');
    writeFileSync(path('secret'), 'longer\n');
    expect(await read()).toBe('longer');
  });

  it('notices a secret of the same length and date, as archives without dates bring it', async () => {
    const bring = (secret: string): void => {
      writeFileSync(path('dated'), secret);
      utimesSync(path('dated'), 0, 0);
    };
    bring('old');
    const read = createSecretFile(path('dated'));
    expect(await read()).toBe('old');
    bring('new');
    expect(await read()).toBe('new');
  });

  it('follows a link that is swapped, as projected volumes do', async () => {
    writeFileSync(path('v1'), 'aaa');
    writeFileSync(path('v2'), 'bbb');
    symlinkSync(path('v1'), path('link'));
    const read = createSecretFile(path('link'));
    expect(await read()).toBe('aaa');
    unlinkSync(path('link'));
    symlinkSync(path('v2'), path('link'));
    expect(await read()).toBe('bbb');
  });

  it.each([
    ['missing', undefined],
    ['empty', ' \n'],
    ['large', 'x'.repeat(70_000)],
  ])(
    'a file that is %s is the operator’s fault, and its path stays here',
    async (name, content) => {
      if (content !== undefined) writeFileSync(path(name), content);
      const work = createSecretFile(path(name))();
      expect(await outcome(work)).toBe('ERR_OIDC_SECRET');
      await expect(work).rejects.not.toThrow(folder);
    },
  );

  it('recovers when the file comes back', async () => {
    const read = createSecretFile(path('later'));
    expect(await outcome(read())).toBe('ERR_OIDC_SECRET');
    writeFileSync(path('later'), 'here');
    expect(await read()).toBe('here');
  });
});

describe('createKubernetesIssuer', () => {
  const pem = path('none.pem');

  it('takes the issuer from the own token', async () => {
    const provider = await createFakeProvider('https://kubernetes.default.svc.cluster.local');
    writeFileSync(path('token'), await provider.sign());
    const options = { audiences: ['mcp'], tokenFile: path('token'), caBundleFile: pem };
    await expect(createKubernetesIssuer(options)).rejects.toThrow(/"caBundleFile"/);
    const { rootCertificates } = await import('node:tls');
    writeFileSync(pem, rootCertificates[0] ?? '');
    const issuer = await createKubernetesIssuer(options);
    expect(issuer).toMatchObject({
      issuer: 'https://kubernetes.default.svc.cluster.local',
      jwksUrl: 'https://kubernetes.default.svc/openid/v1/jwks',
      allowPrivateAddresses: true,
    });
  });

  it('asks for the issuer when the token does not say', async () => {
    writeFileSync(path('odd'), 'opaque');
    const work = createKubernetesIssuer({
      audiences: ['mcp'],
      tokenFile: path('odd'),
      caBundleFile: pem,
    });
    await expect(work).rejects.toThrow(/"issuer" is needed/);
  });
});
