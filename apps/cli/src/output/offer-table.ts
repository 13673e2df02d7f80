/** What `thv mcp list` prints: a table, or the list as the server sent it. Pure. */
import { clean } from '../log.ts';
import type { ListItem, ListName } from '../services/server-offer.ts';
import { toJsonLine } from './json-line.ts';

interface Column {
  readonly title: string;
  readonly cell: (item: ListItem) => string;
}

const MAX_CELL = 80;

const textOf =
  (...names: readonly string[]) =>
  (item: ListItem): string => {
    const found = names.map((name) => item[name]).find((value) => typeof value === 'string');
    return typeof found === 'string' ? found : '';
  };

const DESCRIPTION: Column = { title: 'DESCRIPTION', cell: textOf('description', 'title') };

const TABLES: Readonly<
  Record<ListName, { readonly key: string; readonly columns: readonly Column[] }>
> = {
  tools: {
    key: 'tools',
    columns: [
      { title: 'NAME', cell: textOf('name') },
      { title: 'ARGUMENTS', cell: describeSchema },
      { title: 'HINTS', cell: describeHints },
      DESCRIPTION,
    ],
  },
  prompts: {
    key: 'prompts',
    columns: [
      { title: 'NAME', cell: textOf('name') },
      { title: 'ARGUMENTS', cell: describeArguments },
      DESCRIPTION,
    ],
  },
  resources: {
    key: 'resources',
    columns: [
      { title: 'URI', cell: textOf('uri') },
      { title: 'NAME', cell: textOf('name') },
      { title: 'TYPE', cell: textOf('mimeType') },
      DESCRIPTION,
    ],
  },
  templates: {
    key: 'resourceTemplates',
    columns: [
      { title: 'URI TEMPLATE', cell: textOf('uriTemplate') },
      { title: 'NAME', cell: textOf('name') },
      { title: 'TYPE', cell: textOf('mimeType') },
      DESCRIPTION,
    ],
  },
};

export function renderList(
  list: ListName,
  items: readonly ListItem[],
  format: 'text' | 'json',
): string {
  const { key, columns } = TABLES[list];
  if (format === 'json') {
    return toJsonLine({ [key]: items });
  }
  const rows = [
    columns.map(({ title }) => title),
    ...items.map((item) => columns.map(({ cell }) => shorten(clean(cell(item))))),
  ];
  const widths = columns.map((_column, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows
    .map((row) => `${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}

/** A name is shown whole, or it could not be copied; only long descriptions reach the limit. */
function shorten(cell: string): string {
  return cell.length > MAX_CELL && cell.includes(' ') ? `${cell.slice(0, MAX_CELL - 1)}…` : cell;
}

/** The names of a tool's arguments; `?` follows those that may be left out. */
function describeSchema({ inputSchema }: ListItem): string {
  const { properties, required } = recordOf(inputSchema);
  const needed = Array.isArray(required) ? required : [];
  return Object.keys(recordOf(properties))
    .map((name) => (needed.includes(name) ? name : `${name}?`))
    .join(' ');
}

function describeArguments({ arguments: list }: ListItem): string {
  return (Array.isArray(list) ? list : [])
    .map(recordOf)
    .map(({ name, required }) => (required === true ? String(name) : `${String(name)}?`))
    .join(' ');
}

/** `readOnlyHint: true` as `readOnly`, false as `!readOnly`. */
function describeHints({ annotations }: ListItem): string {
  return Object.entries(recordOf(annotations))
    .filter(([name, value]) => name.endsWith('Hint') && typeof value === 'boolean')
    .map(([name, value]) => `${value === true ? '' : '!'}${name.slice(0, -'Hint'.length)}`)
    .join(' ');
}

function recordOf(value: unknown): ListItem {
  // Safe: every object can be read by names.
  return typeof value === 'object' && value !== null ? (value as ListItem) : {};
}
