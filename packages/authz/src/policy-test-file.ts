/** Reads policy test files: who asks for what, and what should come of it. */
import {
  type ConfigReader,
  type ConfigSource,
  createConfigReader,
  describeType,
  isRecord,
  quotePath,
} from './config-reader.ts';
import type { AuthzAction, AuthzIdentity, ListKind } from './request.ts';

const ACTIONS: readonly AuthzAction[] = ['call_tool', 'get_prompt', 'read_resource'];
const LISTS: Readonly<Record<string, ListKind>> = {
  list_tools: 'tools',
  list_prompts: 'prompts',
  list_resources: 'resources',
  list_resource_templates: 'resource_templates',
};
const CASE_KEYS = [
  'name',
  'as',
  ...ACTIONS,
  ...Object.keys(LISTS),
  'args',
  'hints',
  'expect',
  'by',
];

/** One test. */
export type PolicyTest =
  | {
      readonly kind: 'decision';
      readonly name: string;
      readonly identity: AuthzIdentity;
      readonly action: AuthzAction;
      readonly target: string;
      readonly args: unknown;
      readonly hints: Readonly<Record<string, boolean>> | undefined;
      readonly expect: 'allow' | 'deny';
      /** The ids of the policies that must have determined the decision. */
      readonly by: readonly string[] | undefined;
    }
  | {
      readonly kind: 'list';
      readonly name: string;
      readonly identity: AuthzIdentity;
      readonly list: ListKind;
      readonly items: readonly Readonly<Record<string, unknown>>[];
      readonly expect: readonly string[];
    };

/** A policy test file. */
export interface PolicyTestFile {
  readonly server: string | undefined;
  readonly tests: readonly PolicyTest[];
}

/**
 * Reads the contents of a policy test file.
 *
 * @throws {AuthzError} `ERR_AUTHZ_TESTS` naming the key, and the place when `source` knows it.
 */
export function parsePolicyTests(value: unknown, source: ConfigSource = {}): PolicyTestFile {
  const keys = ['server', 'identities', 'tests'];
  const reader = createConfigReader(value, { keys, path: [], source, code: 'ERR_AUTHZ_TESTS' });
  const identities = parseIdentities(reader);
  const tests = reader.value('tests');
  if (!Array.isArray(tests)) {
    return reader.fail('tests', `"tests" must be a list, not ${describeType(tests)}`);
  }
  return {
    server: reader.text('server'),
    tests: tests.map((test: unknown, index) =>
      parseTest(
        createConfigReader(test, {
          keys: CASE_KEYS,
          path: ['tests', index],
          source,
          code: 'ERR_AUTHZ_TESTS',
        }),
        identities,
      ),
    ),
  };
}

function parseIdentities(reader: ConfigReader): ReadonlyMap<string, AuthzIdentity> {
  const written = reader.value('identities') ?? {};
  if (!isRecord(written)) {
    return reader.fail('identities', '"identities" must be an object of claims by name');
  }
  const identities = new Map<string, AuthzIdentity>();
  for (const [name, claims] of Object.entries(written)) {
    if (!isRecord(claims)) {
      return reader.fail('identities', `the identity "${name}" must be an object of claims`);
    }
    const { sub } = claims;
    if (typeof sub !== 'string' || sub === '') {
      return reader.fail('identities', `the identity "${name}" needs a "sub"`);
    }
    identities.set(name, { subject: sub, claims });
  }
  return identities;
}

function parseTest(
  reader: ConfigReader,
  identities: ReadonlyMap<string, AuthzIdentity>,
): PolicyTest {
  const as = reader.requiredText('as');
  const identity = identities.get(as);
  if (identity === undefined) {
    return reader.fail('as', `there is no identity "${as}"`);
  }
  const asked = [...ACTIONS, ...Object.keys(LISTS)].filter(
    (key) => reader.value(key) !== undefined,
  );
  const [question] = asked;
  if (question === undefined || asked.length > 1) {
    return reader.fail(
      undefined,
      `${quotePath(reader.path)} needs one of ${[...ACTIONS, ...Object.keys(LISTS)].join(', ')}`,
    );
  }
  const list = LISTS[question];
  if (list !== undefined) {
    return parseListTest(reader, { identity, as, question, list });
  }
  const target = reader.value(question);
  if (typeof target !== 'string') {
    return reader.fail(question, `"${question}" must be the name or URI as a string`);
  }
  const expect = reader.choice('expect', ['allow', 'deny'] as const);
  const args = reader.value('args');
  return {
    kind: 'decision',
    name: reader.text('name') ?? `${as} ${question} ${target}${describeArguments(args)}`,
    identity,
    // A question that is no list is an action.
    action: question as AuthzAction,
    target,
    args,
    hints: parseHints(reader),
    expect: expect ?? reader.fail('expect', '"expect" must be allow or deny'),
    by: reader.value('by') === undefined ? undefined : reader.texts('by'),
  };
}

interface ListQuestion {
  readonly identity: AuthzIdentity;
  readonly as: string;
  readonly question: string;
  readonly list: ListKind;
}

function parseListTest(reader: ConfigReader, question: ListQuestion): PolicyTest {
  const { identity, as, list } = question;
  const key = list === 'resources' ? 'uri' : list === 'resource_templates' ? 'uriTemplate' : 'name';
  const items = reader.value(question.question);
  if (!Array.isArray(items)) {
    return reader.fail(question.question, `"${question.question}" must be a list of names`);
  }
  return {
    kind: 'list',
    name: reader.text('name') ?? `${as} ${question.question}`,
    identity,
    list,
    items: items.map((item: unknown) =>
      isRecord(item)
        ? item
        : typeof item === 'string'
          ? { [key]: item }
          : reader.fail(question.question, 'an item must be a name or an object'),
    ),
    expect: reader.texts('expect'),
  };
}

function parseHints(reader: ConfigReader): Readonly<Record<string, boolean>> | undefined {
  const hints = reader.value('hints');
  if (hints === undefined) {
    return undefined;
  }
  if (!isRecord(hints) || Object.values(hints).some((hint) => typeof hint !== 'boolean')) {
    return reader.fail('hints', '"hints" must be an object of true and false');
  }
  // Every value has been seen to be a boolean.
  return hints as Readonly<Record<string, boolean>>;
}

function describeArguments(args: unknown): string {
  return args === undefined ? '' : ` ${JSON.stringify(args)}`;
}
