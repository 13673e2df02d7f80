/** Runs `thv proxy` inside the test: the real command and the real chain, without a process. */
import { fileURLToPath } from 'node:url';
import type { Io } from '../src/io.ts';
import { main } from '../src/main.ts';
import { createIo } from './run-main.ts';

export interface Serving {
  /** Of the MCP endpoint; empty when the command ended before it served. */
  readonly url: string;
  readonly said: { readonly out: string; readonly err: string };
  /** The exit code, once it is stopped or has ended. */
  readonly code: Promise<number>;
  stop(): Promise<number>;
}

export interface ServeOptions {
  readonly target: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly format?: 'text' | 'json';
}

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** Starts the command and waits until it serves or has ended. */
export async function serve(args: readonly string[], options: ServeOptions): Promise<Serving> {
  const { io: outside, said } = createIo({ cwd: HERE, env: options.env ?? {} });
  const stopped = Promise.withResolvers<string>();
  const printed = Promise.withResolvers<void>();
  const io: Io = {
    ...outside,
    out: (text) => {
      outside.out(text);
      printed.resolve();
    },
    termination: () => stopped.promise,
  };
  const { target, format = 'json' } = options;
  const code = main(['proxy', 'guide', '--target-uri', target, '--format', format, ...args], io);
  await Promise.race([printed.promise, code]);
  return {
    url: /https?:\/\/127\.0\.0\.1:\d+\/mcp/.exec(said.out)?.[0] ?? '',
    said,
    code,
    stop: () => {
      stopped.resolve('SIGINT');
      return code;
    },
  };
}

/** Calls a tool as a client would, and returns the response. */
export function callTool(
  url: string,
  token?: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'weather', arguments: {} },
    }),
  });
}
