/** What both servers of the soak do: an echo that says whose call it answers, after a while. */

export interface Incoming {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: { readonly name?: string; readonly arguments?: { readonly mark?: string } };
}

/** Milliseconds. Calls overtake each other, so that answers come out of order. */
const SLOWEST = 40;

/** The `result` for a request. */
export async function answer({ method, params }: Incoming): Promise<unknown> {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: '2025-06-18',
        capabilities: { tools: { listChanged: true } },
        serverInfo: { name: 'soak', version: '1' },
      };
    case 'tools/list':
      return {
        tools: ['echo', 'secret'].map((name) => ({ name, inputSchema: { type: 'object' } })),
      };
    case 'tools/call':
      await new Promise((done) => setTimeout(done, Math.random() * SLOWEST));
      return { content: [{ type: 'text', text: params?.arguments?.mark ?? '' }] };
    default:
      return {};
  }
}

export const CHANGED = JSON.stringify({
  jsonrpc: '2.0',
  method: 'notifications/tools/list_changed',
});
