/**
 * Header fields of a message (RFC 9110 §5), as `Headers` has them. The platform's own are checked,
 * sorted and copied at every turn; a request passes a dozen turns, and its parser has checked them.
 */

/** A `Headers` over a plain map; names are kept in lower case, repeated fields joined by a comma. */
export class Fields implements Headers {
  readonly #fields = new Map<string, string>();

  /** Fields in pairs, one after the other: name, value, name, value. */
  static fromFlat(flat: readonly string[]): Fields {
    const fields = new Fields();
    // Pairs are complete, so the value after a name exists.
    for (let at = 0; at < flat.length; at += 2) fields.append(flat[at]!, flat[at + 1]!);
    return fields;
  }

  static from(pairs: Iterable<readonly [string, string]>): Fields {
    const fields = new Fields();
    for (const [name, value] of pairs) fields.append(name, value);
    return fields;
  }

  append(name: string, value: string): void {
    const key = name.toLowerCase();
    const before = this.#fields.get(key);
    this.#fields.set(key, before === undefined ? value : `${before}, ${value}`);
  }

  delete(name: string): void {
    this.#fields.delete(name.toLowerCase());
  }

  get(name: string): string | null {
    return this.#fields.get(name.toLowerCase()) ?? null;
  }

  /** None: cookies never cross the proxy (D20). */
  getSetCookie(): string[] {
    return [];
  }

  has(name: string): boolean {
    return this.#fields.has(name.toLowerCase());
  }

  set(name: string, value: string): void {
    this.#fields.set(name.toLowerCase(), value);
  }

  forEach(callback: (value: string, key: string, parent: Headers) => void, self?: unknown): void {
    for (const [name, value] of this.#fields) callback.call(self, value, name, this);
  }

  entries(): MapIterator<[string, string]> {
    return this.#fields.entries();
  }

  keys(): MapIterator<string> {
    return this.#fields.keys();
  }

  values(): MapIterator<string> {
    return this.#fields.values();
  }

  [Symbol.iterator](): MapIterator<[string, string]> {
    return this.#fields.entries();
  }
}
