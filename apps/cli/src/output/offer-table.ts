/** What `thv mcp list` prints: a table, or the list as the server sent it. Pure. */
import { clean } from '../log.ts';
import type { ListItem, ListName } from '../services/server-offer.ts';
import { toJsonLine } from './json-line.ts';
import type { Screen } from './screen.ts';
import { type Column, renderTable } from './table.ts';
import { cutTo } from './text-width.ts';

/** Servers write whole pages; even a pipe gets no more of them. */
const MAX_DESCRIPTION = 80;

const textOf =
  (...names: readonly string[]) =>
  (item: ListItem): string => {
    const found = names.map((name) => item[name]).find((value) => typeof value === 'string');
    return typeof found === 'string' ? found : '';
  };

const DESCRIPTION: Column<ListItem> = {
  title: 'DESCRIPTION',
  cell: (item) => cutTo(clean(textOf('description', 'title')(item)), MAX_DESCRIPTION),
  cut: true,
};

const TABLES: Readonly<
  Record<ListName, { readonly key: string; readonly columns: readonly Column<ListItem>[] }>
> = {
  tools: {
    key: 'tools',
    columns: [
      { title: 'NAME', cell: textOf('name') },
      { title: 'ARGUMENTS', cell: describeSchema, cut: true },
      { title: 'HINTS', cell: describeHints, cut: true },
      DESCRIPTION,
    ],
  },
  prompts: {
    key: 'prompts',
    columns: [
      { title: 'NAME', cell: textOf('name') },
      { title: 'ARGUMENTS', cell: describeArguments, cut: true },
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
  { format, screen }: { readonly format: 'text' | 'json'; readonly screen: Screen },
): string {
  const { key, columns } = TABLES[list];
  return format === 'json' ? toJsonLine({ [key]: items }) : renderTable(columns, items, screen);
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
