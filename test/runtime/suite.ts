/** What the built packages must do on every runtime; a host gives them and a way to serve. */
import { AUDIENCE, type Host, type Library, openDoor } from './door.ts';
import { supported } from './env.ts';
import { createKeys, ISSUER } from './keys.ts';
import { runLegacySuite, runRestartSuite } from './legacy-suite.ts';
import { createMemoryUpstream } from './memory-upstream.ts';
import type { T } from './t.ts';

export async function runSuite(t: T, library: Library, host: Host): Promise<void> {
  const upstream = createMemoryUpstream();
  const door = await openDoor(library, host.serve, upstream);
  const { url, keys, bob, alice } = door;
  const post = (
    method: string,
    params: object,
    token?: string,
    signal?: AbortSignal,
  ): Promise<Response> => door.send({ id: 1, method, params }, { token, signal });

  await t.test('a call without a token is answered with 401 and a challenge', async () => {
    const response = await post('tools/call', { name: 'weather' });
    t.equal(response.status, 401);
    t.equal(
      response.headers.get('www-authenticate'),
      `Bearer realm="${ISSUER}", resource_metadata="${new URL(url).origin}/.well-known/oauth-protected-resource/mcp", error="invalid_token", error_description="Authentication required"`,
    );
    t.equal(await response.json(), {
      error: 'invalid_token',
      error_description: 'Authentication required',
    });
  });

  await t.test('a token for another audience is answered with 401', async () => {
    const token = await keys.sign({ sub: 'bob', aud: 'another' });
    t.equal((await post('tools/call', { name: 'weather' }, token)).status, 401);
  });

  await t.test('a token with another signature is answered with 401', async () => {
    const other = await createKeys();
    const token = await other.sign({ sub: 'bob', aud: AUDIENCE });
    t.equal((await post('tools/call', { name: 'weather' }, token)).status, 401);
  });

  await t.test('a denied call is answered with 403 and does not reach the upstream', async () => {
    const before = upstream.calls.length;
    const response = await post('tools/call', { name: 'admin_tool' }, bob);
    t.equal(response.status, 403);
    const { error } = (await response.json()) as { error: { code: number; message: string } };
    t.equal([error.code, error.message], [403, 'Forbidden']);
    t.equal(upstream.calls.length, before);
  });

  await t.test('a permitted call is answered with 200', async () => {
    const response = await post('tools/call', { name: 'admin_tool' }, alice);
    t.equal(response.status, 200);
    t.equal(await response.json(), { jsonrpc: '2.0', id: 1, result: { called: 'admin_tool' } });
  });

  await t.test('an argument decides', async () => {
    const call = async (operation: string) =>
      (await post('tools/call', { name: 'calculator', arguments: { operation } }, bob)).status;
    t.equal([await call('add'), await call('divide')], [200, 403]);
  });

  for (const kind of ['json', 'sse'] as const) {
    await t.test(`a list is filtered for each caller (${kind})`, async () => {
      upstream.listAs = kind;
      const namesFor = async (token: string) => {
        const text = await (await post('tools/list', {}, token)).text();
        return [...text.matchAll(/"name":"(\w+)"/g)].map(([, name]) => name);
      };
      t.equal(await namesFor(bob), ['weather', 'calculator']);
      t.equal(await namesFor(alice), ['weather', 'admin_tool', 'calculator']);
    });
  }

  await t.test('a stream is passed on event by event', async () => {
    const held = upstream.hold();
    const response = await post('tools/call', { name: 'weather' }, bob);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const first = await reader.read();
    t.equal(first.value?.includes('"first"'), true);
    held.release();
    const second = await reader.read();
    t.equal(second.value?.includes('"called":"weather"'), true);
    t.equal((await reader.read()).done, true);
  });

  if (supported(host.runtime).disconnects) {
    await t.test('the upstream learns that a client has gone away', async () => {
      const held = upstream.hold();
      const client = new AbortController();
      const response = await post('tools/call', { name: 'weather' }, bob, client.signal);
      await response.body!.getReader().read();
      client.abort();
      const never = Promise.withResolvers<void>();
      const timer = setTimeout(never.reject, 5000, new Error('never told'));
      await Promise.race([held.abandoned, never.promise]).finally(() => {
        clearTimeout(timer);
        held.release();
      });
    });
  }

  await t.test('the metadata document is open to everyone', async () => {
    const path = '/.well-known/oauth-protected-resource/mcp';
    const response = await fetch(new URL(path, url));
    const { resource } = (await response.json()) as { resource: string };
    t.equal([response.status, resource], [200, url]);
  });

  await door.close();
  await runRestartSuite(t, library, host);
  await runLegacySuite(t, library, host);
}
