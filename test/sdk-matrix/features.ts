/** The features of the protocol, each tried the same way with every client on every server. */
import { expect, vi } from 'vitest';
import { type MatrixClient, MODEL_SAYS, USER_SAYS } from './clients.ts';
import type { MatrixServer } from './surface.ts';

export interface Trial {
  readonly client: MatrixClient;
  readonly server: MatrixServer;
  /** What went through the proxy: `GET 200`, `notifications/cancelled 202`, `GET arrived` behind it. */
  readonly passed: readonly string[];
  /** Breaks the next event stream after its first event. */
  readonly breakStream: () => void;
  /** Milliseconds to wait for what the server does of its own accord. */
  readonly patience: number;
}

export const FEATURES: Readonly<Record<string, (trial: Trial) => Promise<void>>> = {
  tools: async ({ client, server: { surface } }) => {
    expect(await client.list('tools')).toMatchObject({
      tools: expect.arrayContaining([expect.objectContaining({ name: surface.sum.name })]),
    });
    expect(textOf(await client.call(surface.sum))).toBe(surface.sumText);
  },

  prompts: async ({ client, server: { surface } }) => {
    const { name, text, arguments: args } = surface.prompt;
    expect(JSON.stringify(await client.list('prompts'))).toContain(`"${name}"`);
    expect(JSON.stringify(await client.getPrompt({ name, arguments: args }))).toContain(text);
  },

  resources: async ({ client, server: { surface } }) => {
    const { uri, text } = surface.resource;
    expect(JSON.stringify(await client.list('resources'))).toContain(`"${uri}"`);
    expect(JSON.stringify(await client.read(uri))).toContain(text);
  },

  templates: async ({ client, server: { surface } }) => {
    const { uriTemplate, uri, text } = surface.template;
    expect(JSON.stringify(await client.list('templates'))).toContain(`"${uriTemplate}"`);
    expect(JSON.stringify(await client.read(uri))).toContain(text);
  },

  completion: async ({ client, server: { surface } }) => {
    const { argument, values } = surface.completion;
    expect(await client.complete(surface.prompt.name, { ...argument })).toEqual(values);
  },

  progress: async ({ client, server: { surface } }) => {
    const seen: number[] = [];
    await client.call(surface.long, { onprogress: ({ progress }) => void seen.push(progress) });
    expect(seen).toEqual([1, 2, 3]);
  },

  cancellation: async ({ client, server, passed, patience }) => {
    const leaving = new AbortController();
    const before = server.cancelled?.() ?? 0;
    const call = client.call(server.surface.hang, { signal: leaving.signal });
    setTimeout(() => leaving.abort(new Error('no longer wanted')), 50);
    await expect(call).rejects.toThrow();
    await vi.waitFor(
      () => {
        if (server.cancelled !== undefined) expect(server.cancelled()).toBe(before + 1);
        // In 2026-07-28 leaving is enough, and says nothing to a server that does not listen.
        else expect(passed.join()).toMatch(/notifications\/cancelled 202|server\/discover/);
      },
      { timeout: patience, interval: 20 },
    );
    expect(textOf(await client.call(server.surface.sum))).toBe(server.surface.sumText);
  },

  logging: async ({ client, server: { surface }, passed, patience }) => {
    await client.wantLogs();
    await streamIsOpen(passed, patience);
    await callUntil(() => client.call(surface.log), client.heard.logs, patience);
  },

  sampling: async ({ client, server: { surface } }) => {
    expect(textOf(await client.call(surface.askModel))).toContain(MODEL_SAYS);
  },

  elicitation: async ({ client, server: { surface } }) => {
    expect(textOf(await client.call(surface.askUser))).toContain(USER_SAYS);
  },

  subscriptions: async ({ client, server: { surface }, passed, patience }) => {
    const { uri } = surface.resource;
    await client.subscribe(uri);
    await streamIsOpen(passed, patience);
    await callUntil(() => client.call(surface.touch), client.heard.updates, patience);
    expect(client.heard.updates).toContain(uri);
  },

  resumption: async ({ client, server: { surface }, breakStream, passed, patience }) => {
    const opened = passed.filter((line) => line === 'GET 200').length;
    breakStream();
    const options = { onprogress: () => undefined, timeout: patience };
    expect(await client.call(surface.long, options)).toHaveProperty('content');
    // The rest came on a stream that the client opened again.
    expect(passed.filter((line) => line === 'GET 200').length).toBeGreaterThan(opened);
  },
};

/** The 2025 era tells on a stream that the client opens after its greeting, if there is one. */
async function streamIsOpen(passed: readonly string[], patience: number): Promise<void> {
  await vi.waitFor(() => expect(passed.join()).toMatch(/GET (?:arrived|200)|server\/discover/), {
    timeout: patience,
    interval: 10,
  });
}

/** Some tools are switches, which another client may have left on. */
async function callUntil(
  call: () => Promise<unknown>,
  heard: readonly unknown[],
  patience: number,
): Promise<void> {
  const isHeard = () => expect(heard).not.toHaveLength(0);
  await vi.waitFor(
    async () => {
      await call();
      await vi.waitFor(isHeard, { timeout: 100, interval: 10 });
    },
    { timeout: patience, interval: 10 },
  );
}

function textOf(result: unknown): string {
  const { content } = result as { content: { text?: string }[] };
  return content.map(({ text }) => text ?? '').join('\n');
}
