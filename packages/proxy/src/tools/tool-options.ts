/** Which tools a server shows and under which names: what an operator may say, and its contradictions. */

/** Another name or description for one tool of the server. At least one of them. */
export interface ToolOverride {
  /** The name that callers see and call. */
  readonly name?: string;
  /** The description that callers see. */
  readonly description?: string;
}

/** A static choice of tools, the same for every caller. At least one of the members. */
export interface ToolOptions {
  /**
   * The tools that exist for callers, by the names that callers see. Default: all of them.
   */
  readonly only?: readonly string[];
  /** By the server's own name of the tool. Policies, hints and audit know this name. */
  readonly override?: Readonly<Record<string, ToolOverride>>;
}

/**
 * Checks what can be known before the server has been asked.
 *
 * @throws {TypeError} naming the member, when it is empty or contradicts itself.
 */
export function assertToolOptions({ only, override }: ToolOptions): void {
  if (only === undefined && override === undefined) {
    throw new TypeError('"tools" needs only or override');
  }
  const overrides = Object.entries(override ?? {});
  if (override !== undefined && overrides.length === 0) {
    throw new TypeError('"tools.override" must name at least one tool');
  }
  for (const [real, change] of overrides) assertOverride(real, change);
  assertDistinct(overrides);
  if (only !== undefined) assertOnly(only, overrides);
}

/** Two names that some server or client might take for one. */
export function foldToolName(name: string): string {
  // Lower then upper, as for keys (D5): both U+017F and U+212A end at an ASCII letter.
  return name.normalize('NFKC').trim().toLowerCase().toUpperCase();
}

function assertOverride(real: string, { name, description }: ToolOverride): void {
  const at = `"tools.override" of ${quote(real)}`;
  assertName(real, '"tools.override"');
  if (name === undefined && description === undefined) {
    throw new TypeError(`${at} needs a name or a description`);
  }
  if (name !== undefined) assertName(name, at);
  if (description !== undefined && !isText(description)) {
    throw new TypeError(`${at} has a description that is empty or no text`);
  }
  if (name === real && description === undefined) throw new TypeError(`${at} changes nothing`);
}

/** Two tools under one name: which of them a call means would be anybody's guess. */
function assertDistinct(overrides: readonly (readonly [string, ToolOverride])[]): void {
  const taken = new Map<string, string>();
  for (const [real, { name = real }] of overrides) {
    const other = taken.get(foldToolName(name));
    if (other !== undefined) {
      throw new TypeError(
        `"tools.override" shows ${quote(other)} and ${quote(real)} under one name, ${quote(name)}`,
      );
    }
    taken.set(foldToolName(name), real);
  }
}

function assertOnly(
  only: readonly string[],
  overrides: readonly (readonly [string, ToolOverride])[],
): void {
  if (only.length === 0) throw new TypeError('"tools.only" must name at least one tool');
  const shown = new Set(overrides.map(([real, { name = real }]) => name));
  for (const name of only) {
    assertName(name, '"tools.only"');
    if (shown.has(name)) continue;
    const folded = foldToolName(name);
    const hidden = overrides.find(
      ([real, { name: other = real }]) =>
        foldToolName(other) === folded || (other !== real && foldToolName(real) === folded),
    );
    if (hidden === undefined) continue;
    const [real, { name: other = real }] = hidden;
    throw new TypeError(
      `"tools.only" says ${quote(name)}, but ${quote(real)} is shown as ${quote(other)}`,
    );
  }
}

function assertName(name: string, at: string): void {
  if (!isText(name) || name !== name.trim() || /\p{Cc}/u.test(name)) {
    throw new TypeError(`${at} holds ${quote(name)}, which is no name of a tool`);
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.isWellFormed();
}

function quote(name: unknown): string {
  return JSON.stringify(name) ?? String(name);
}
