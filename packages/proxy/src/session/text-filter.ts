/** A set of texts in half a kilobyte, however many they are: it may say yes wrongly, and never no. */

export interface TextFilter {
  add(text: string): void;
  /** False only for a text that was never added. */
  mayHave(text: string): boolean;
}

/** Says yes wrongly to about one text in 500 when it has 100, one in six when it has 1,000. */
const BITS = 4096;

/** Creates an empty set; no text is kept. */
export function createTextFilter(): TextFilter {
  const words = new Uint32Array(BITS / 32);
  const has = (bit: number): boolean => ((words[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0;
  const set = (bit: number): void => {
    words[bit >>> 5] = (words[bit >>> 5] ?? 0) | (1 << (bit & 31));
  };
  return {
    add(text) {
      const mixed = hash(text);
      set(mixed % BITS);
      set((mixed >>> 16) % BITS);
    },
    mayHave(text) {
      const mixed = hash(text);
      return has(mixed % BITS) && has((mixed >>> 16) % BITS);
    },
  };
}

/** FNV-1a with the last steps of MurmurHash3, so that every bit depends on every character. Unsigned, 32 bits. */
function hash(text: string): number {
  let mixed = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    mixed = Math.imul(mixed ^ text.charCodeAt(at), 0x01000193);
  }
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
