/** Cuts a byte stream into lines, holding at most one line of bounded length in memory. */

/** What a line reader hands on. */
export interface LineSink {
  /** One line without its line end. The bytes may be kept. */
  line(bytes: Uint8Array): void;
  /** A line beyond the bound was skipped; `edges` are its first and last bytes. */
  oversize(length: number, edges: readonly [Uint8Array, Uint8Array]): void;
}

export interface LineReader {
  push(chunk: Uint8Array): void;
  /** The stream has ended; what follows the last line end is a line too. */
  end(): void;
}

const LF = 0x0a;
const CR = 0x0d;
/** Enough to find the id of a JSON-RPC answer, which stands at either end of the line. */
const EDGE_BYTES = 512;

/** Reads lines that end in LF or CRLF. */
export function createLineReader(maxBytes: number, sink: LineSink): LineReader {
  let parts: Uint8Array[] = [];
  let length = 0;

  const take = (chunk: Uint8Array): void => {
    if (chunk.length === 0) return;
    parts.push(chunk);
    length += chunk.length;
    if (length > maxBytes) parts = keepEdges(parts);
  };

  const finish = (): void => {
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts); // One part: no copy.
    const total = length;
    parts = [];
    length = 0;
    if (total > maxBytes) {
      sink.oversize(total, [bytes.subarray(0, EDGE_BYTES), bytes.subarray(-EDGE_BYTES)]);
      return;
    }
    sink.line(bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes);
  };

  return {
    push(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, from)) {
        take(chunk.subarray(from, at));
        finish();
        from = at + 1;
      }
      take(chunk.subarray(from));
    },
    end() {
      if (length > 0) finish();
    },
  };
}

/** Forgets the middle of a line that is too long anyway. */
function keepEdges(parts: readonly Uint8Array[]): Uint8Array[] {
  const bytes = Buffer.concat(parts);
  if (bytes.length <= 2 * EDGE_BYTES) return [bytes];
  // Copies: a view would keep the whole line alive.
  const edges = [bytes.subarray(0, EDGE_BYTES), bytes.subarray(-EDGE_BYTES)];
  return edges.map((edge) => Uint8Array.from(edge));
}
