/**
 * Texts for evaluation errors. Cedar's own can quote claim and argument values and name the
 * caller; these say which attribute or type is at fault and nothing else (D4).
 */

interface Rewrite {
  readonly pattern: RegExp;
  readonly text: (match: readonly string[]) => string;
}

const VARIABLES: ReadonlyMap<string, string> = new Map([
  ['Client', 'the principal'],
  ['Action', 'the action'],
  ['Tool', 'the resource'],
  ['Prompt', 'the resource'],
  ['Resource', 'the resource'],
]);

const REWRITES: readonly Rewrite[] = [
  {
    // First, and without the name: that of a tag can be computed from a claim or an argument, and hold
    // what looks like another message.
    pattern: /^`([\w:]+?)::".*"` does not have the tag `/s,
    text: ([, type = '']) => `${nameOf(type)} has no such tag`,
  },
  {
    pattern: /^`([\w:]+?)::".*"` does not have the attribute `(.*)`$/s,
    text: ([, type = '', name = '']) => `${nameOf(type)} has no attribute \`${name}\``,
  },
  {
    pattern: /^record does not have the attribute `(.*)`$/s,
    text: ([, name = '']) => nameMissing(name),
  },
  {
    pattern: /^entity `([\w:]+?)::".*"` does not exist$/s,
    text: ([, type = '']) => `${nameOf(type)} is not among the known entities`,
  },
  {
    pattern: /^type error: expected ([^"]*), got ([^"]*)$/,
    text: ([, wanted = '', got = '']) => `type error: expected ${wanted}, got ${got}`,
  },
  { pattern: /^integer overflow/, text: () => 'integer overflow' },
  {
    pattern: /^error while evaluating `(\w+)` extension function/,
    text: ([, name = '']) => `\`${name}\` cannot read this value`,
  },
];

/** The text for an evaluation error, without any value of the request. */
export function toErrorText(message: string): string {
  for (const { pattern, text } of REWRITES) {
    const match = pattern.exec(message);
    if (match !== null) {
      return text(match);
    }
  }
  return 'the policy could not be evaluated';
}

/** A name in the flat record of `flatten.ts`, or a member of a nested record. */
function nameMissing(name: string): string {
  const [, variable, attribute] = /^(principal|action|resource|context)\.(.*)$/s.exec(name) ?? [];
  if (variable !== undefined) {
    return `the ${variable} has no attribute \`${attribute}\``;
  }
  const owner = /^claim(?:set)?_/.test(name)
    ? 'the principal'
    : name.startsWith('arg_')
      ? 'the call'
      : 'a record';
  return `${owner} has no attribute \`${name}\``;
}

function nameOf(type: string): string {
  return VARIABLES.get(type) ?? `an entity of type ${type}`;
}
