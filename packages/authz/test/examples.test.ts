import { fileURLToPath } from 'node:url';
import { loadAuthorizer } from '@thv/authz/node';
import { describe, expect, it } from 'vitest';
import { call } from './support/authorizer.ts';

const pathOf = (name: string): string =>
  fileURLToPath(new URL(`examples/${name}`, import.meta.url));

describe('loadAuthorizer', () => {
  it('decides the example of the guide', async () => {
    const authorizer = await loadAuthorizer(pathOf('authz-basic.json'));
    const allowed = async (...request: Parameters<typeof call>): Promise<boolean> =>
      (await authorizer.authorize(call(...request))).allowed;
    expect(await allowed('weather')).toBe(true);
    expect(await allowed('admin_tool')).toBe(false);
    expect(await allowed('admin_tool', {}, { identity: { subject: 'alice123', claims: {} } })).toBe(
      true,
    );
    expect(await allowed('anything', {}, { claims: { roles: ['premium'] } })).toBe(true);
    expect(await allowed('calculator', { operation: 'add' })).toBe(true);
    expect(await allowed('calculator', { operation: 'divide' })).toBe(false);
  });

  it.each(['authz-rbac-annotations.yaml', 'authz-safe-tools.yaml'])('loads %s', async (name) => {
    const authorizer = await loadAuthorizer(pathOf(name), { serverName: 'analytics-server' });
    expect(authorizer.readsHints).toBe(true);
    const decision = await authorizer.authorize(call('x', {}, { hints: { readOnlyHint: true } }));
    expect(decision.allowed).toBe(true);
    expect((await authorizer.authorize(call('x'))).allowed).toBe(false);
  });
});
