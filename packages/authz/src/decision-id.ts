/** Ids that tie a denial the caller sees to its line in the audit log. */

const BYTES = 16;
const BATCH = 256;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Makes ids of 128 random bits in hex. Random bytes are drawn in batches: a draw costs more than an id. */
export function createDecisionIds(): () => string {
  const bytes = new Uint8Array(BYTES * BATCH);
  let at = bytes.length;
  return () => {
    if (at === bytes.length) {
      crypto.getRandomValues(bytes);
      at = 0;
    }
    let id = '';
    for (const end = at + BYTES; at < end; at += 1) {
      id += HEX[bytes[at]!];
    }
    return id;
  };
}
