/** The examples as a reader would run them: built packages, real servers, a real provider. */
import { fileURLToPath } from 'node:url';
import type { DevIdp } from '@thv/cli/dev-idp';
import { beforeAll, describe, expect, it } from 'vitest';
import { ALICE, startIdp } from './support/people.ts';
import { sendLines } from './support/raw-lines.ts';
import { type Stage, useStage } from './support/stage.ts';
import { startWorker } from './support/workerd.ts';

const stage = useStage();
const RESOURCE = 'https://api.example.com/notes';
const METADATA = 'https://api.example.com/.well-known/oauth-protected-resource/notes';

const example = (name: string) =>
  fileURLToPath(new URL(`../../examples/resource-server/${name}`, import.meta.url));

async function startOnNode(on: Stage, name: string, { issuer }: DevIdp): Promise<string> {
  const env = { ISSUER: issuer, RESOURCE, PORT: '0' };
  const program = on.spawn(process.execPath, [example(name)], { env });
  return (await program.until('out', /\/notes\n/)).trim();
}

async function startOnWorkerd(on: Stage, name: string, { issuer }: DevIdp): Promise<string> {
  const variables = { ISSUER: issuer, RESOURCE };
  return `${await startWorker(on, { source: example(name), variables })}/notes`;
}

describe.each([
  ['hono.ts', startOnNode],
  ['express.ts', startOnNode],
  ['fastify.ts', startOnNode],
  ['workers.ts', startOnWorkerd],
] as const)('examples/resource-server/%s', (name, start) => {
  let idp: DevIdp;
  let url: string;

  beforeAll(async () => {
    idp = await startIdp(stage);
    url = await start(stage, name, idp);
  });

  const tokenFor = (scope?: string) =>
    idp.issueToken({ ...ALICE, aud: RESOURCE, ...(scope === undefined ? {} : { scope }) });
  const call = (token?: string) =>
    fetch(url, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });

  it('answers a caller with a good token, by name', async () => {
    const answer = await call(await tokenFor('notes:read'));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ notes: ['for alice123'] });
  });

  it('sends a caller without a token to sign in', async () => {
    const answer = await call();
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(
      `Bearer realm="${idp.issuer}", resource_metadata="${METADATA}", scope="notes:read", ` +
        'error="invalid_token", error_description="Authentication required"',
    );
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await answer.json()).toEqual({
      error: 'invalid_token',
      error_description: 'Authentication required',
    });
  });

  it('refuses a token for another resource', async () => {
    const answer = await call(await idp.issueToken({ ...ALICE, aud: 'another' }));
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it('asks for the scope that a token lacks', async () => {
    const answer = await call(await tokenFor('notes:write'));
    expect(answer.status).toBe(403);
    expect(answer.headers.get('www-authenticate')).toMatch(
      /scope="notes:read", error="insufficient_scope"/,
    );
    expect(await answer.json()).toMatchObject({ error: 'insufficient_scope' });
  });

  it('refuses two Authorization headers, though the first is good', async () => {
    const token = await tokenFor('notes:read');
    const { status } = await sendLines(url, [
      'GET /notes HTTP/1.1',
      `Host: ${new URL(url).host}`,
      `Authorization: Bearer ${token}`,
      `Authorization: Bearer ${token}`,
    ]);
    expect(status).toBe(400);
  });

  it('says what it is at its well-known URL', async () => {
    const answer = await fetch(new URL(new URL(METADATA).pathname, url));
    expect(await answer.json()).toEqual({
      resource: RESOURCE,
      authorization_servers: [idp.issuer],
      bearer_methods_supported: ['header'],
      scopes_supported: ['notes:read'],
    });
  });
});
