/** Random policies, entities and requests over one small vocabulary, so that they meet. */
import type { AuthorizeRequest } from '@thv/authz';
import fc from 'fast-check';

const pick = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

const CLIENTS = ['alice', 'bob', 'carol'];
const GROUPS = ['eng', 'ops', 'all'];
const TOOLS = ['weather', 'calc', 'rm'];
const client = pick(...CLIENTS).map((id) => `Client::"${id}"`);
const group = pick(...GROUPS).map((id) => `THVGroup::"${id}"`);
const tool = pick(...TOOLS).map((id) => `Tool::"${id}"`);
const above = pick('MCP::"s"', 'MCP::"other"', 'ToolGroup::"safe"', 'Env::"prod"');

const principalScope = fc.oneof(
  { weight: 4, arbitrary: fc.constant('principal') },
  client.map((uid) => `principal == ${uid}`),
  group.map((uid) => `principal in ${uid}`),
  group.map((uid) => `principal is Client in ${uid}`),
  pick('principal is Client', 'principal is Robot'),
);
const actionScope = fc.oneof(
  { weight: 4, arbitrary: pick('action', 'action == Action::"call_tool"') },
  pick(
    'action in Action::"readers"',
    'action in [Action::"call_tool", Action::"get_prompt"]',
    'action == Action::"read_resource"',
  ),
);
const resourceScope = fc.oneof(
  { weight: 4, arbitrary: fc.constant('resource') },
  tool.map((uid) => `resource == ${uid}`),
  above.map((uid) => `resource in ${uid}`),
  above.map((uid) => `resource is Tool in ${uid}`),
  pick('resource is Tool', 'resource is Prompt', 'resource == Prompt::"calc"'),
);

/** Boolean expressions that can be true, false or an error. */
const atom = fc.oneof(
  pick('true', 'false', '1 == 1', 'principal == resource'),
  pick(
    'principal.claim_level == 1',
    'principal.claim_level > 1',
    'principal has claim_dept',
    'principal.claim_dept == "x"',
    'context.claim_dept like "x*"',
    'principal.claim_roles.contains("admin")',
    'context has claim_act && context.claim_act.sub == "bot"',
    'context.claim_act.sub == "bot"',
    'principal has claim_act.sub',
    'principal.claim_flag',
    'context.claim_level_present',
  ),
  pick(
    'principal.claim_roles.containsAny(["admin", "x"])',
    'context.claim_roles.containsAll(["admin", "x"])',
    'context has claim_roles && !context.claim_roles.contains("x")',
    'principal.claim_roles == ["admin"]',
    'context.claim_roles.isEmpty()',
    '["admin", "y"].containsAll(principal.claim_roles)',
    'principal.claim_roles.contains(principal.claim_dept)',
    'principal.claim_roles.contains(1)',
    'principal.claim_roles.contains(["admin"])',
    'principal has claim_roles.x',
  ),
  pick(
    'context.arg_op == "add"',
    'resource.arg_op == "add"',
    'resource has arg_op',
    'context has arg_n && context.arg_n > 1',
    'resource.arg_n <= 2',
    'context.arg_b',
    'resource has arg_o_present',
    'context == {"arg_op": "add"}',
    'context == {}',
    'context.arg_n == principal.claim_level',
    '(if principal has claim_dept then resource else principal).arg_n == 1',
  ),
  pick(
    'resource.readOnlyHint',
    'resource has destructiveHint && resource.destructiveHint',
    'resource.name == "calc"',
    'resource.owner == principal',
    'resource has owner && resource.owner has level && resource.owner.level > 1',
    'resource.owner.level > 1',
    'resource.owner in THVGroup::"all"',
    'principal in resource.team',
    'resource has uri',
    'action.operation == "call_tool"',
    'resource.hasTag("t") && resource.getTag("t") == "x"',
  ),
  client.map((uid) => `principal == ${uid}`),
  group.map((uid) => `principal in ${uid}`),
  fc.tuple(group, group).map(([one, other]) => `principal in [${one}, ${other}]`),
  fc.tuple(group, group).map(([one, other]) => `${one} in ${other}`),
  tool.map((uid) => `resource == ${uid}`),
  tool.map((uid) => `resource != ${uid}`),
  above.map((uid) => `resource in ${uid}`),
  pick('action in Action::"readers"', 'resource is Tool', 'principal is Client in THVGroup::"ops"'),
);

const condition: fc.Arbitrary<string> = fc.letrec<{ expr: string }>((tie) => ({
  expr: fc.oneof(
    { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: atom },
    {
      weight: 2,
      arbitrary: fc.tuple(tie('expr'), tie('expr')).map(([a, b]) => `(${a}) && (${b})`),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(tie('expr'), tie('expr')).map(([a, b]) => `(${a}) || (${b})`),
    },
    { weight: 1, arbitrary: tie('expr').map((a) => `!(${a})`) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie('expr'), tie('expr'), tie('expr'))
        .map(([a, b, c]) => `(if (${a}) then (${b}) else (${c}))`),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(tie('expr'), tie('expr')).map(([a, b]) => `((${a}) == (${b}))`),
    },
  ),
})).expr;

const clause = fc
  .tuple(pick('when', 'unless'), condition)
  .map(([kind, body]) => `${kind} { ${body} }`);

/** One policy; permits are more frequent. */
export const policy: fc.Arbitrary<string> = fc
  .tuple(
    pick('permit', 'permit', 'forbid'),
    fc.tuple(principalScope, actionScope, resourceScope),
    fc.array(clause, { maxLength: 2 }),
  )
  .map(([effect, scope, clauses]) => `${effect}(${scope.join(', ')}) ${clauses.join(' ')};`);

const attrs = fc.record(
  {
    owner: pick(...CLIENTS).map((id) => ({ __entity: { type: 'Client', id } })),
    team: pick(...GROUPS).map((id) => ({ __entity: { type: 'THVGroup', id } })),
    level: fc.integer({ min: 0, max: 3 }),
    readOnlyHint: fc.boolean(),
    name: fc.constant('static'),
    arg_op: fc.constant('add'),
    claim_level: fc.constant(1),
  },
  { requiredKeys: [] },
);
const tags = fc.option(fc.constant({ t: 'x' }), { nil: undefined });

/** Static entities; parents come later in this list, so there is no cycle. */
const UIDS: readonly (readonly [string, string])[] = [
  ...TOOLS.map((id) => ['Tool', id] as const),
  ...CLIENTS.map((id) => ['Client', id] as const),
  ['Prompt', 'calc'],
  ['THVGroup', 'eng'],
  ['THVGroup', 'ops'],
  ['THVGroup', 'all'],
  ['ToolGroup', 'safe'],
  ['MCP', 's'],
  ['Env', 'prod'],
];
const entity = (index: number): fc.Arbitrary<Record<string, unknown>> => {
  const [type, id] = UIDS[index]!;
  const later = UIDS.slice(index + 1);
  const parents =
    later.length === 0
      ? fc.constant([])
      : fc
          .uniqueArray(pick(...later), { maxLength: 2 })
          .map((uids) =>
            uids.map(([parentType, parentId]) => ({ type: parentType, id: parentId })),
          );
  return fc.record({ attrs, parents, tags }).map((rest) => {
    const { tags: found, ...more } = rest;
    return { uid: { type, id }, ...more, ...(found === undefined ? {} : { tags: found }) };
  });
};
const readers = {
  uid: { type: 'Action', id: 'call_tool' },
  attrs: {},
  parents: [{ type: 'Action', id: 'readers' }],
};

/** A list of static entities. */
export const entities: fc.Arbitrary<unknown[]> = fc
  .tuple(
    fc.oneof(
      fc.subarray(UIDS.map((_, index) => index)),
      fc.constant(UIDS.map((_, index) => index)),
      fc.constant([]),
    ),
    fc.boolean(),
  )
  .chain(([indices, withReaders]) =>
    fc
      .tuple(...indices.map(entity))
      .map((list): unknown[] => (withReaders ? [...list, readers] : list)),
  );

/** Claims of a token. */
export const claims: fc.Arbitrary<Record<string, unknown>> = fc.record(
  {
    level: fc.oneof(fc.integer({ min: 0, max: 3 }), pick<unknown>('high', 0.5, 2 ** 60)),
    dept: pick<unknown>('x', 'xy', 'z', null, 5),
    roles: pick<unknown>(['admin'], ['admin', 'x'], ['y'], ['x', 1, ['admin']], [], 'admin'),
    level_present: pick<unknown>('x', true),
    act: pick<unknown>(
      { sub: 'bot' },
      { sub: 1 },
      { __entity: { type: 'Client', id: 'bob' } },
      'x',
    ),
    flag: pick<unknown>(true, false, 'yes'),
    groups: fc.subarray(GROUPS),
  },
  { requiredKeys: [] },
);

/** Call arguments. */
export const args: fc.Arbitrary<Record<string, unknown>> = fc.record(
  {
    op: pick<unknown>('add', 'sub', 1, null),
    n: pick<unknown>(0, 1, 2, 3, 1.5, 'x', 2 ** 60),
    b: pick<unknown>(true, false, 'x'),
    o: pick<unknown>({}, [1], 'x'),
    o_present: pick<unknown>(true, 'x'),
    other: fc.string(),
  },
  { requiredKeys: [] },
);

const hint = fc.option(fc.boolean(), { nil: undefined });

/** Annotations of a tool. */
export const hints = fc.record({ readOnlyHint: hint, destructiveHint: hint });

const fields = {
  subject: pick(...CLIENTS),
  claims,
  action: pick<AuthorizeRequest['action']>('call_tool', 'call_tool', 'get_prompt', 'read_resource'),
  target: pick(...TOOLS, 'unknown', 'other'),
  arguments: fc.option(args, { nil: undefined }),
  hints: fc.option(hints, { nil: undefined }),
};

interface Fields {
  readonly subject: string;
  readonly claims: Record<string, unknown>;
  readonly action: AuthorizeRequest['action'];
  readonly target: string;
  readonly arguments: Record<string, unknown> | undefined;
  readonly hints: Record<string, unknown> | undefined;
}

const toRequest = ({ subject, claims: given, hints: own, ...rest }: Fields): AuthorizeRequest => ({
  identity: { subject, claims: given },
  hints: own as AuthorizeRequest['hints'],
  ...rest,
});

/** One member of a record set anew, or removed. */
const change = (
  record: Record<string, unknown> | undefined,
  fresh: Record<string, unknown> | undefined,
  at: number,
): Record<string, unknown> | undefined => {
  const names = Object.keys({ ...record, ...fresh });
  const name = names[at % Math.max(1, names.length)];
  if (name === undefined || fresh === undefined) {
    return fresh;
  }
  const { [name]: _, ...others } = { ...record };
  return name in fresh ? { ...others, [name]: fresh[name] } : others;
};

/**
 * Requests that differ from the first in one thing each: whatever a cache key forgets makes two of
 * them share an answer.
 */
export const requests: fc.Arbitrary<AuthorizeRequest[]> = fc
  .tuple(
    fc.record(fields),
    fc.array(fc.tuple(fc.constantFrom(...Object.keys(fields)), fc.record(fields), fc.nat(9)), {
      minLength: 2,
      maxLength: 8,
    }),
  )
  .map(([base, changes]) => [
    toRequest(base as Fields),
    ...changes.map(([field, fresh, at]) => {
      const name = field as keyof Fields;
      const value =
        name === 'claims' || name === 'arguments' || name === 'hints'
          ? change(base[name] as never, fresh[name] as never, at)
          : fresh[name];
      return toRequest({
        ...(base as Fields),
        [name]: value ?? (name === 'claims' ? {} : undefined),
      });
    }),
  ]);
