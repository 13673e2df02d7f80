/** D4: no token, secret or claim value in an error, its causes, a warning or an answer. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createResourceServer, isOidcError } from '../src/index.ts';
import { createFakeProvider, DISCOVERY, JWKS, json } from './support/fake-provider.ts';
import { signingKey } from './support/keys.ts';
import { validatorFor } from './support/validator.ts';

const CANARY = 'canary7f3a';

/** Everything that a careless logger could print. */
function render(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    parts.push(
      at.message,
      at.stack ?? '',
      inspect(at, { depth: 10, showHidden: true }),
      JSON.stringify(at),
    );
  }
  return parts.join('\n');
}

describe('errors and warnings', () => {
  it('hold none of what the token or the provider said', async () => {
    const provider = await createFakeProvider();
    const warnings: string[] = [];
    const other = await signingKey('other');
    const text =
      (body: string, status = 200) =>
      () =>
        new Response(body, { status });
    const named = (members: Record<string, unknown>) => provider.sign(provider.claims(members));
    const tokens = [
      CANARY,
      `${CANARY}.${CANARY}.${CANARY}`,
      await named({ iss: CANARY }),
      await named({ aud: CANARY, sub: CANARY }),
      await named({ exp: CANARY, sub: CANARY }),
      await named({ sub: { CANARY } }),
      await named({ nbf: 99_999_999_999, sub: CANARY }),
      await named({ cnf: { jkt: CANARY } }),
      await provider.sign(provider.claims({ sub: CANARY }), { kid: CANARY }),
      await provider.sign(provider.claims({ sub: CANARY }), { typ: CANARY }),
      await provider.sign(provider.claims({ sub: CANARY }), {}, other),
      await named({ [CANARY]: 1 }),
    ];
    const routes: readonly (readonly [string, () => Response | Promise<Response>])[] = [
      ['/none', text('')],
      [DISCOVERY, text(CANARY)],
      [DISCOVERY, () => json({ issuer: CANARY })],
      [DISCOVERY, () => json({ issuer: 'https://idp.test', jwks_uri: CANARY })],
      [DISCOVERY, () => Promise.reject(new Error(CANARY, { cause: new Error(CANARY) }))],
      [JWKS, text(CANARY, 500)],
      [JWKS, () => json({ keys: [{ kty: 'RSA', kid: 'k1', n: CANARY, e: CANARY }] })],
      ['/introspect', text(CANARY, 500)],
      ['/introspect', text(`{"active":"${CANARY}"}`)],
    ];
    let seen = 0;
    for (const [path, route] of routes) {
      const broken = await createFakeProvider();
      broken.routes.set('/introspect', () => json({ active: true, sub: CANARY, aud: CANARY }));
      broken.routes.set(path, route);
      const validator = validatorFor(broken, {
        introspection: { url: 'https://idp.test/introspect', clientId: 'rs', clientSecret: CANARY },
        jwksAuthToken: () => CANARY,
        warn: (message) => warnings.push(message),
      });
      const server = createResourceServer({
        validator,
        authorizationServers: ['https://idp.test'],
      });
      for (const token of tokens) {
        const request = new Request('https://mcp.test/', {
          headers: { authorization: `Bearer ${token}` },
        });
        const error = await server.verify(request).catch((reason: unknown) => reason);
        if (!(error instanceof Error)) continue;
        seen++;
        expect(isOidcError(error)).toBe(true);
        expect(render(error)).not.toContain(CANARY);
        expect(render(error)).not.toContain(token.slice(0, 40));
        const answer = server.toResponse(error);
        expect(`${await answer.text()}${inspect([...answer.headers])}`).not.toContain(CANARY);
      }
    }
    expect(seen).toBeGreaterThan(80);
    expect(warnings.join('\n')).not.toContain(CANARY);
  });
});
