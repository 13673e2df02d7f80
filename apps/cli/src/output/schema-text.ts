/** A Cedar schema in the form that people read. Pure. */
import type { buildCedarSchema } from '@thv/authz';

interface Attribute {
  readonly type: string;
  /** Of an extension. */
  readonly name?: string;
  /** Of a set. */
  readonly element?: Attribute;
  readonly required?: boolean;
}

interface RecordShape {
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** The part of Cedar's JSON form that the schema builder uses. */
interface Namespace {
  readonly entityTypes: Readonly<
    Record<string, { readonly memberOfTypes?: readonly string[]; readonly shape?: RecordShape }>
  >;
  readonly actions: Readonly<
    Record<
      string,
      {
        readonly appliesTo: {
          readonly principalTypes: readonly string[];
          readonly resourceTypes: readonly string[];
          readonly context: RecordShape;
        };
      }
    >
  >;
}

/** The schema in Cedar's own notation. */
export function renderSchema(schema: ReturnType<typeof buildCedarSchema>): string {
  // Safe: the builder makes one namespace without a name, and nothing that is not described above.
  const { entityTypes, actions } = schema[''] as unknown as Namespace;
  const entities = Object.entries(entityTypes).map(([name, { memberOfTypes = [], shape }]) => {
    const parents = memberOfTypes.length === 0 ? '' : ` in [${memberOfTypes.join(', ')}]`;
    return `entity ${name}${parents}${shape === undefined ? '' : ` ${renderRecord(shape, '')}`};`;
  });
  const operations = Object.entries(actions).map(([name, { appliesTo }]) => {
    const { principalTypes, resourceTypes, context } = appliesTo;
    return [
      `action ${name} appliesTo {`,
      `  principal: [${principalTypes.join(', ')}],`,
      `  resource: [${resourceTypes.join(', ')}],`,
      `  context: ${renderRecord(context, '  ')}`,
      '};',
    ].join('\n');
  });
  return `${[...entities, ...operations].join('\n\n')}\n`;
}

function renderRecord({ attributes }: RecordShape, indent: string): string {
  const rows = Object.entries(attributes).map(([name, attribute]) => {
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
    return `${indent}  ${key}${attribute.required === false ? '?' : ''}: ${renderType(attribute)},`;
  });
  return rows.length === 0 ? '{}' : `{\n${rows.join('\n')}\n${indent}}`;
}

function renderType({ type, name, element }: Attribute): string {
  switch (type) {
    case 'Boolean':
      return 'Bool';
    case 'Extension':
      return name ?? type;
    case 'Set':
      return `Set<${element === undefined ? '' : renderType(element)}>`;
    default:
      return type;
  }
}
