/** A `fetch` whose next event stream breaks off after its first event, as connections do. */

export interface BreakableFetch {
  readonly fetch: typeof globalThis.fetch;
  /** The next event stream that answers a POST is broken. */
  readonly breakNext: () => void;
}

export function createBreakableFetch(): BreakableFetch {
  let isArmed = false;
  return {
    breakNext: () => {
      isArmed = true;
    },
    fetch: async (input, init) => {
      const response = await globalThis.fetch(input, init);
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
      if (!isArmed || init?.method !== 'POST' || isStream !== true || response.body === null) {
        return response;
      }
      isArmed = false;
      return new Response(firstEventOf(response.body), response);
    },
  };
}

function firstEventOf(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let seen = '';
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (value !== undefined) {
        seen += new TextDecoder().decode(value);
        controller.enqueue(value);
      }
      if (!done && !/^id: /m.test(seen)) return;
      await reader.cancel();
      controller.close();
    },
  });
}
