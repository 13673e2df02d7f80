/** Reads bodies that others control: counted while they arrive, never trusted from a header. */

export type BodyOutcome = Uint8Array | 'too-large' | 'no-room';
/** Asked before a piece is kept, with the size that the body will have then. */
export type Admits = (size: number) => boolean;

/**
 * The whole body, or `too-large` once more than `limit` bytes have come. The rest is not read.
 *
 * @param signal stops the reading; the promise is rejected then
 */
export async function readBounded(
  body: ReadableStream<Uint8Array> | null,
  limit: number,
  signal?: AbortSignal,
): Promise<Uint8Array | 'too-large'> {
  const outcome = await readAdmitted(body, { limit, signal });
  return outcome === 'no-room' ? 'too-large' : outcome;
}

/** The same; `no-room` once somebody does not admit so many bytes. */
export async function readAdmitted(
  body: ReadableStream<Uint8Array> | null,
  {
    limit,
    signal,
    admits,
  }: {
    readonly limit: number;
    readonly signal?: AbortSignal | undefined;
    readonly admits?: Admits | undefined;
  },
): Promise<BodyOutcome> {
  if (body === null) return new Uint8Array();
  const reader = body.getReader();
  // The outcome is known; a failing cancel changes nothing about it.
  const leave = (): void => void reader.cancel().catch(() => undefined);
  if (signal?.aborted === true) leave();
  signal?.addEventListener('abort', leave, { once: true });
  const bytes = new Collected();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) return bytes.all;
      const size = bytes.size + value.byteLength;
      const refusal = size > limit ? 'too-large' : admits?.(size) === false ? 'no-room' : undefined;
      if (refusal !== undefined) {
        leave();
        return refusal;
      }
      bytes.add(value);
    }
  } finally {
    signal?.removeEventListener('abort', leave);
  }
}

/** Bytes that come in pieces. A list of pieces of one byte each would take two hundred times their size. */
export class Collected {
  #buffer: Uint8Array = new Uint8Array();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get all(): Uint8Array {
    return this.#buffer.subarray(0, this.#size);
  }

  /** The first piece is kept as it is, since nearly always there is no other. */
  add(piece: Uint8Array): void {
    this.#buffer = this.#size === 0 ? piece : append(this.#buffer, this.#size, piece);
    this.#size += piece.byteLength;
  }
}

/** The buffer with `chunk` after its first `size` bytes; a new one, twice as large, when it is full. */
function append(buffer: Uint8Array, size: number, chunk: Uint8Array): Uint8Array {
  const needed = size + chunk.byteLength;
  let target = buffer;
  if (needed > buffer.byteLength) {
    target = new Uint8Array(Math.max(needed, 2 * buffer.byteLength));
    target.set(buffer.subarray(0, size));
  }
  target.set(chunk, size);
  return target;
}
