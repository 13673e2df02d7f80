/** The body of a server's answer as the proxy shows it: without the reasons of its failures, and in time. */

import { ProxyError } from '../errors.ts';

/**
 * The body, read on demand.
 *
 * Servers may show a client why a stream broke; it is told nothing of what is behind.
 *
 * @param patience milliseconds between two pieces; undefined for event streams, which may be silent
 * for hours
 */
export function showBody(
  body: ReadableStream<Uint8Array>,
  patience: number | undefined,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const read = patience === undefined ? () => reader.read() : () => readWithin(reader, patience);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await read();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          // The cause names addresses; whoever needs it looks at the upstream.
          const isLate = error instanceof StalledBody;
          controller.error(
            isLate
              ? new ProxyError('ERR_PROXY_UPSTREAM_TIMEOUT', 'the answer stopped half-way')
              : new ProxyError('ERR_PROXY_UPSTREAM_ANSWER', 'the answer broke off'),
          );
          if (isLate) reader.cancel(error).catch(() => undefined);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

class StalledBody extends Error {
  override readonly name: string = 'StalledBody';
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

async function readWithin(reader: Reader, patience: number): ReturnType<Reader['read']> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StalledBody('nothing comes any more')), patience);
  });
  try {
    return await Promise.race([reader.read(), stalled]);
  } finally {
    clearTimeout(timer);
  }
}
