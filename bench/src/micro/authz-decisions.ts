/**
 * Decisions: @thv/authz beside naive uses of cedar-wasm, in the same run.
 *
 * The floor is `statefulIsAuthorized` with an empty policy set and no entities: no decision that
 * asks Cedar can be faster. Times are medians of interleaved rounds; budgets are ratios to the floor.
 */
import { cpus, loadavg } from 'node:os';
import type { EntityJson } from '@cedar-policy/cedar-wasm/web';
import { type Authorizer, type AuthzIdentity, createAuthorizer } from '@thv/authz';
import { loadCedar } from '@thv/authz/node';

/** One measured thing. */
export interface Row {
  readonly name: string;
  readonly microseconds: number;
  readonly timesFloor: number;
  /** The greatest ratio to the floor that is in budget. */
  readonly budget: number | undefined;
}

interface Case {
  readonly name: string;
  readonly budget?: number;
  /** How often `run` is called in one round. */
  readonly times: number;
  /** Makes what a round needs; not measured. */
  readonly prepare?: () => void;
  readonly run: (index: number) => unknown;
}

const ROUNDS = 7;
const SERVER = 'bench';

const cedar = await loadCedar();

/** Ten policies of the kinds that the guide shows. */
const TEN = [
  'permit(principal, action == Action::"call_tool", resource == Tool::"weather");',
  'permit(principal == Client::"alice", action == Action::"call_tool", resource == Tool::"admin_tool");',
  'permit(principal, action == Action::"call_tool", resource) when { principal has claim_roles && principal.claim_roles.contains("premium") };',
  'permit(principal, action == Action::"call_tool", resource == Tool::"calculator") when { resource.arg_operation == "add" || resource.arg_operation == "subtract" };',
  'permit(principal in THVGroup::"data-team", action == Action::"call_tool", resource in MCP::"bench");',
  'permit(principal, action == Action::"call_tool", resource) when { resource has readOnlyHint && resource.readOnlyHint == true };',
  'forbid(principal, action == Action::"call_tool", resource) when { resource has destructiveHint && resource.destructiveHint && !(principal in THVGroup::"admins") };',
  'forbid(principal, action == Action::"call_tool", resource) when { principal has claim_level && principal.claim_level < 1 };',
  'permit(principal, action == Action::"get_prompt", resource);',
  'permit(principal, action == Action::"read_resource", resource) when { resource.uri like "file:///public/*" };',
];

const MANY = 10_000;
const manyPolicies = [
  ...TEN,
  ...Array.from(
    { length: MANY - TEN.length },
    (_, index) =>
      `permit(principal in THVGroup::"team${index % 500}", action == Action::"call_tool", resource == Tool::"tool${index}") when { principal has claim_level && principal.claim_level > ${index % 5} };`,
  ),
];
const manyEntities = Array.from({ length: MANY }, (_, index) => ({
  uid: {
    type: index % 2 === 0 ? 'THVGroup' : 'Tool',
    id: index % 2 === 0 ? `team${index}` : `tool${index}`,
  },
  attrs: { level: index },
  parents: index % 2 === 0 ? [{ type: 'Org', id: `org${index % 10}` }] : [],
}));

function authorizerOf(policies: readonly string[], entities: readonly unknown[] = []): Authorizer {
  const config = { version: '1.0', type: 'cedarv1', cedar: { policies, entities } };
  return createAuthorizer(config, { cedar, serverName: SERVER });
}

/** An identity as a fresh token would give it; `serial` makes everything about it new. */
function identityOf(serial: number): AuthzIdentity {
  const claims = {
    iss: 'https://id.example',
    sub: `user-${serial}`,
    aud: 'mcp',
    exp: 1_800_000_000,
    iat: 1_700_000_000,
    email: `user-${serial}@example.com`,
    name: 'A User',
    roles: ['reader', `role-${serial}`],
    groups: ['data-team', `team${serial % 500}`],
    level: 2 + serial,
  };
  return { subject: claims.sub, claims };
}

const tools = Array.from({ length: 500 }, (_, index) => ({
  name: index % 50 === 0 ? `tool${index}` : `server_tool_${index}`,
  description: 'Does something',
  inputSchema: { type: 'object' },
  annotations: { readOnlyHint: index % 3 === 0, destructiveHint: index % 7 === 0 },
}));

function cases(): readonly Case[] {
  const empty = 'bench-empty';
  cedar.preparsePolicySet(empty, { staticPolicies: {} });
  const naiveSet = 'bench-ten';
  const staticPolicies = Object.fromEntries(TEN.map((text, index) => [`policy${index}`, text]));
  cedar.preparsePolicySet(naiveSet, { staticPolicies });
  const uids = {
    principal: { type: 'Client', id: 'user-1' },
    action: { type: 'Action', id: 'call_tool' },
    resource: { type: 'Tool', id: 'calculator' },
  };
  const ten = authorizerOf(TEN);
  const many = authorizerOf(manyPolicies, manyEntities);
  const known = identityOf(0);
  let serial = 0;
  let fresh: AuthzIdentity[] = [];
  let lists: { tools: unknown[] }[] = [];
  const freshIdentities = (count: number) => (): void => {
    serial += count;
    fresh = Array.from({ length: count }, (_, index) => identityOf(serial + index));
  };
  // Only for the cases that filter: collecting 100,000 copied tools would slow down the others.
  const freshLists = (count: number) => (): void => {
    freshIdentities(count)();
    lists = Array.from({ length: count }, () => ({ tools: structuredClone(tools) }));
  };
  const ask = (authorizer: Authorizer, identity: AuthzIdentity, target: string): unknown =>
    authorizer.authorize({
      identity,
      action: 'call_tool',
      target,
      arguments: { operation: 'add', left: 1, right: 2 },
      hints: { readOnlyHint: true },
    });
  const naive = (): { context: Record<string, never>; entities: EntityJson[] } => {
    // The whole mapping, as a first version would do it.
    const attrs: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(identityOf(1).claims)) {
      attrs[`claim_${name}`] = value;
    }
    const args = { arg_operation: 'add', arg_left: 1, arg_right: 2 };
    const resource = { name: 'calculator', operation: 'call', feature: 'tool', readOnlyHint: true };
    return {
      context: { ...attrs, ...args } as unknown as Record<string, never>,
      entities: [
        {
          uid: uids.principal,
          attrs: attrs as never,
          parents: [{ type: 'THVGroup', id: 'data-team' }],
        },
        { uid: uids.action, attrs: { operation: 'call_tool' }, parents: [] },
        {
          uid: uids.resource,
          attrs: { ...resource, ...args },
          parents: [{ type: 'MCP', id: SERVER }],
        },
      ],
    };
  };
  return [
    {
      name: 'floor: empty set, no entities',
      times: 400,
      run: () =>
        cedar.statefulIsAuthorized({
          ...uids,
          context: {},
          entities: [],
          preparsedPolicySetId: empty,
        }),
    },
    {
      name: 'naive: isAuthorized, 10 policies',
      times: 50,
      run: () => cedar.isAuthorized({ ...uids, ...naive(), policies: { staticPolicies } }),
    },
    {
      name: 'naive: statefulIsAuthorized, 10 policies',
      times: 200,
      run: () =>
        cedar.statefulIsAuthorized({ ...uids, ...naive(), preparsedPolicySetId: naiveSet }),
    },
    {
      name: 'decision, warm cache',
      budget: 0.1,
      times: 20_000,
      run: () => ask(ten, known, 'calculator'),
    },
    {
      name: 'decision, warm cache, 10,000 policies',
      budget: 0.1,
      times: 20_000,
      run: () => ask(many, known, 'tool500'),
    },
    {
      name: 'decision, no cache, 10 policies',
      budget: 4,
      times: 200,
      prepare: freshIdentities(200),
      run: (index) => ask(ten, fresh[index]!, 'calculator'),
    },
    {
      name: 'decision, no cache, 10,000 policies and entities',
      budget: 6,
      times: 200,
      prepare: freshIdentities(200),
      run: (index) =>
        ask(many, fresh[index]!, `tool${(fresh[index]!.claims['level'] as number) % 500}`),
    },
    {
      name: 'filter a 500-tool list, first time',
      budget: 200,
      times: 4,
      prepare: freshLists(4),
      run: (index) => ten.filterList({ identity: fresh[index]!, list: 'tools' }, lists[index]),
    },
    {
      name: 'filter a 500-tool list, first time, 10,000 policies',
      budget: 200,
      times: 4,
      prepare: freshLists(4),
      run: (index) => many.filterList({ identity: fresh[index]!, list: 'tools' }, lists[index]),
    },
    {
      name: 'filter a 500-tool list, again',
      budget: 20,
      times: 40,
      prepare: freshLists(40),
      run: (index) => ten.filterList({ identity: known, list: 'tools' }, lists[index]),
    },
  ];
}

/** Measures everything. */
export function measureDecisions(): readonly Row[] {
  const all = cases();
  const times = new Map<string, number[]>(all.map(({ name }) => [name, []]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { name, times: count, prepare, run } of round % 2 === 0 ? all : [...all].reverse()) {
      prepare?.();
      const start = performance.now();
      for (let index = 0; index < count; index += 1) {
        run(index);
      }
      // The first round warms up.
      if (round > 0) {
        times.get(name)!.push(((performance.now() - start) / count) * 1_000);
      }
    }
  }
  const floor = median(times.get(all[0]!.name)!);
  return all.map(({ name, budget }) => {
    const microseconds = median(times.get(name)!);
    return { name, microseconds, timesFloor: microseconds / floor, budget };
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1]!;
}

if (import.meta.main) {
  const [cpu] = cpus();
  console.log(
    `node ${process.version}, cedar ${cedar.getCedarVersion()}, ${cpus().length} × ${cpu?.model}, load ${loadavg()[0]?.toFixed(2)}`,
  );
  for (const { name, microseconds, timesFloor, budget } of measureDecisions()) {
    const verdict =
      budget === undefined ? '' : timesFloor <= budget ? `ok, budget ${budget}` : `OVER ${budget}`;
    console.log(
      `${name.padEnd(54)} ${microseconds.toFixed(1).padStart(9)} µs ${timesFloor.toFixed(2).padStart(8)} × floor  ${verdict}`,
    );
  }
}
