/** Every feature, with both generations of the clients, on servers of both, through the whole proxy. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BreakableFetch, createBreakableFetch } from './broken-stream.ts';
import { connect, GENERATIONS, type MatrixClient } from './clients.ts';
import { FEATURES } from './features.ts';
import { IMPOSSIBLE, reasonFor } from './impossible.ts';
import { type Protected, protect } from './protect.ts';
import { createEverything, createEverythingProcess } from './servers/everything.ts';
import { createOne } from './servers/generation-one.ts';
import { createTwo } from './servers/generation-two.ts';
import type { MatrixServer } from './surface.ts';

const SERVERS: Readonly<Record<string, () => MatrixServer | Promise<MatrixServer>>> = {
  'SDK 1.x, sessions': () => createOne('sessions'),
  'SDK 1.x, stateless': () => createOne('stateless'),
  'SDK 2.x, sessions': () => createTwo('sessions'),
  'SDK 2.x, stateless': () => createTwo('stateless'),
  everything: createEverything,
  'everything, one process': () => createEverythingProcess('shared'),
  'everything, a process per session': () => createEverythingProcess('session'),
};

/** Milliseconds; what cannot happen is not waited for as long. */
const PATIENCE = 10_000;
const LITTLE = 150;

describe.each(Object.keys(SERVERS))('%s', (name) => {
  let server: MatrixServer;
  let door: Protected;

  beforeAll(async () => {
    server = await SERVERS[name]!();
    door = await protect(server);
  });
  afterAll(async () => {
    await door.close();
    server.close?.();
  });

  describe.each(GENERATIONS)('client %s', (generation) => {
    const unconnected = reasonFor(name, generation, 'connect');
    let broken: BreakableFetch;
    let client: MatrixClient;
    const open = () => {
      broken = createBreakableFetch();
      return connect(generation, door.url, { token: door.token, fetch: broken.fetch });
    };

    if (unconnected !== undefined) {
      it(`cannot connect: ${unconnected}`, async () => {
        await expect(open()).rejects.toThrow();
      });
      return;
    }

    beforeAll(async () => {
      door.passed.length = 0;
      client = await open();
    });
    afterAll(() => client.close());

    it.each(Object.keys(FEATURES))('%s', async (feature) => {
      const reason = reasonFor(name, generation, feature);
      const patience = reason === undefined ? PATIENCE : LITTLE;
      const { passed } = door;
      const trial = { client, server, passed, patience, breakStream: broken.breakNext };
      const tried = FEATURES[feature]!(trial);
      if (reason === undefined) await tried;
      else await expect(tried, `it works although "${reason}"`).rejects.toThrow();
    });
  });
});

it('what is said to be impossible is about features, servers and clients that there are', () => {
  for (const { server, features } of IMPOSSIBLE) {
    expect(Object.keys(SERVERS).some((name) => server.test(name))).toBe(true);
    expect(features.filter((one) => one !== 'connect' && FEATURES[one] === undefined)).toEqual([]);
  }
});
