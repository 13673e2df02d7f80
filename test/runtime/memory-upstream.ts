/** An MCP server in memory, which does what the suite tells it to. */
import type { Upstream } from '@thv/proxy';

export interface MemoryUpstream extends Upstream {
  /** The methods that have arrived. */
  readonly calls: readonly string[];
  listAs: 'json' | 'sse';
  /** The next call is answered by a stream that waits before it says its result. */
  hold(): Held;
}

export interface Held {
  /** Lets the result follow. */
  release(): void;
  /** Resolves when the proxy says that the client has gone away. */
  readonly abandoned: Promise<void>;
}

interface Hold {
  readonly released: Promise<void>;
  readonly abandon: () => void;
}

export function createMemoryUpstream(): MemoryUpstream {
  const calls: string[] = [];
  let next: Hold | undefined;
  const upstream: MemoryUpstream = {
    calls,
    listAs: 'json',
    hold() {
      const released = Promise.withResolvers<void>();
      const abandoned = Promise.withResolvers<void>();
      next = { released: released.promise, abandon: abandoned.resolve };
      return { release: released.resolve, abandoned: abandoned.promise };
    },
    async handle({ id, method, params }, { signal }) {
      calls.push(method ?? '');
      const tools = ['weather', 'admin_tool', 'calculator'].map((name) => ({ name }));
      const result = method === 'tools/list' ? { tools } : { called: params?.['name'] };
      const text = `{"jsonrpc":"2.0","id":${id?.text},"result":${JSON.stringify(result)}}`;
      if (method === 'tools/call' && next !== undefined) {
        const { released, abandon } = next;
        next = undefined;
        signal.addEventListener('abort', abandon);
        return eventStream(streamOf(NOTICE, released, text));
      }
      return method === 'tools/list' && upstream.listAs === 'sse'
        ? eventStream(`data: ${text}\n\n`)
        : new Response(text, { headers: { 'content-type': 'application/json' } });
    },
    stream: async () => new Response(null, { status: 405 }),
    endSession: async () => new Response(null, { status: 405 }),
    ready: async () => undefined,
    close: async () => undefined,
  };
  return upstream;
}

const NOTICE =
  '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"first"}}';

function streamOf(first: string, gate: Promise<void>, second: string): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let isFirst = true;
  return new ReadableStream({
    async pull(controller) {
      if (!isFirst) await gate;
      controller.enqueue(encoder.encode(`data: ${isFirst ? first : second}\n\n`));
      if (!isFirst) controller.close();
      isFirst = false;
    },
  });
}

function eventStream(body: string | ReadableStream<Uint8Array>): Response {
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}
