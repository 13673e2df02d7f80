/** The Cedar schema of what policies see, for editors and for Cedar's own tools. */
import type { SchemaJson, TypeOfAttribute } from '@cedar-policy/cedar-wasm/web';
import type { Cedar } from './cedar.ts';
import { AuthzError } from './errors.ts';
import { HINT_NAMES } from './hints.ts';
import { OPERATIONS } from './operations.ts';

type Attribute = TypeOfAttribute<string>;

/** The type of a claim or an argument in a schema. */
export type SchemaType = 'String' | 'Long' | 'Bool' | 'Decimal' | 'Set<String>';

/** Options of {@link buildCedarSchema}. */
export interface SchemaOptions {
  /** The claims of your tokens by name, without `claim_`. */
  readonly claims?: Readonly<Record<string, SchemaType>> | undefined;
  /** Claims listed under `multi_valued_claims`. */
  readonly multiValuedClaims?: readonly string[] | undefined;
  /** The arguments of tools and prompts by name, without `arg_`. */
  readonly arguments?: Readonly<Record<string, SchemaType>> | undefined;
  /** Default: `THVGroup`. */
  readonly groupEntityType?: string | undefined;
}

/** Builds a schema in Cedar's JSON form. All claims, arguments and hints are optional in it. */
export function buildCedarSchema(options: SchemaOptions = {}): SchemaJson<string> {
  const { groupEntityType: group = 'THVGroup', multiValuedClaims = [] } = options;
  const claims = {
    ...toAttributes('claim_', options.claims ?? {}),
    ...toAttributes(
      'claimset_',
      Object.fromEntries(multiValuedClaims.map((name) => [name, 'Set<String>' as const])),
    ),
  };
  const args = toAttributes('arg_', options.arguments ?? {});
  const named = {
    name: required('String'),
    operation: required('String'),
    feature: required('String'),
  };
  const hints = Object.fromEntries(HINT_NAMES.map((name) => [name, optional('Bool')]));
  const actions = Object.entries(OPERATIONS).map(([action, { resourceType }]) => {
    const context = action === 'read_resource' ? claims : { ...claims, ...args };
    const applies = { principalTypes: ['Client'], resourceTypes: [resourceType] };
    return [action, { appliesTo: { ...applies, context: record(context) } }];
  });
  const uri = { uri: required('String'), template: optional('Bool') };
  return {
    '': {
      entityTypes: {
        Client: { memberOfTypes: [group], shape: record(claims) },
        Tool: { memberOfTypes: ['MCP'], shape: record({ ...named, ...hints, ...args }) },
        Prompt: { memberOfTypes: ['MCP'], shape: record({ ...named, ...args }) },
        Resource: { memberOfTypes: ['MCP'], shape: record({ ...named, ...uri }) },
        MCP: {},
        [group]: {},
      },
      actions: Object.fromEntries(actions),
    },
  };
}

/**
 * The text of a schema that {@link buildCedarSchema} made, for editors and for people.
 *
 * @throws {AuthzError} `ERR_AUTHZ_ENGINE` when Cedar does not accept the schema.
 */
export function formatCedarSchema(cedar: Cedar, schema: SchemaJson<string>): string {
  const answer = cedar.schemaToText(schema);
  if (answer.type === 'failure') {
    const reason = answer.errors[0]?.message ?? 'it is no schema';
    throw new AuthzError('ERR_AUTHZ_ENGINE', `the schema cannot be printed: ${reason}`);
  }
  // Cedar writes `__cedar::String`; the prefix is needed beside an entity type of that name only.
  const types = Object.values(schema).flatMap(({ entityTypes }) => Object.keys(entityTypes));
  const text = answer.text.replace(
    /"(?:[^"\\]|\\.)*"|__cedar::(\w+)/gs,
    (whole: string, name: string | undefined) =>
      name === undefined || types.includes(name) ? whole : name,
  );
  return `${text.trim()}\n`;
}

function record(attributes: Record<string, Attribute>): {
  type: 'Record';
  attributes: Record<string, Attribute>;
} {
  return { type: 'Record', attributes };
}

function toAttributes(
  prefix: string,
  types: Readonly<Record<string, SchemaType>>,
): Record<string, Attribute> {
  return Object.fromEntries(
    Object.entries(types).map(([name, type]) => [prefix + name, optional(type)]),
  );
}

function required(type: SchemaType): Attribute {
  switch (type) {
    case 'String':
      return { type: 'String' };
    case 'Long':
      return { type: 'Long' };
    case 'Bool':
      return { type: 'Boolean' };
    case 'Decimal':
      return { type: 'Extension', name: 'decimal' };
    case 'Set<String>':
      return { type: 'Set', element: { type: 'String' } };
    default:
      throw new TypeError(`unknown schema type ${String(type satisfies never)}`);
  }
}

function optional(type: SchemaType): Attribute {
  return { ...required(type), required: false };
}
