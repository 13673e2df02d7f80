/** What a server has: its lists, page by page, as it sends them. */
import { type Client, UriTemplate } from '@modelcontextprotocol/client';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { isRecord } from './json-value.ts';
import type { Connection } from './mcp-flags.ts';
import { withSession } from './mcp-session.ts';

/** The lists an MCP server answers. */
export const LISTS = {
  tools: { method: 'tools/list', capability: 'tools', key: 'tools', name: 'name' },
  prompts: { method: 'prompts/list', capability: 'prompts', key: 'prompts', name: 'name' },
  resources: { method: 'resources/list', capability: 'resources', key: 'resources', name: 'uri' },
  templates: {
    method: 'resources/templates/list',
    capability: 'resources',
    key: 'resourceTemplates',
    name: 'uriTemplate',
  },
} as const;

export type ListName = keyof typeof LISTS;

/** An item as the server sent it. */
export type ListItem = Readonly<Record<string, unknown>>;

/** The names of everything that a server lists. */
export interface ServerOffer {
  readonly tools: readonly string[];
  readonly prompts: readonly string[];
  readonly resources: readonly string[];
  /** True when a listed template yields the URI, or is it. */
  readonly isTemplated: (uri: string) => boolean;
  /** True when the server may have tools that the proxy before it hides. */
  readonly hidesTools?: boolean;
}

const MAX_PAGES = 1000;

/** Asks a server for one list. */
export function readList(connection: Connection, list: ListName): Promise<readonly ListItem[]> {
  return withSession(connection, { what: `mcp list ${list}` }, (client) => pagesOf(client, list));
}

/** Asks a server for all its lists. */
export function readOffer(connection: Connection): Promise<ServerOffer> {
  return withSession(connection, { what: 'policy check --server' }, async (client) => {
    const namesOf = async (list: ListName): Promise<readonly string[]> =>
      (await pagesOf(client, list))
        .map((item) => item[LISTS[list].name])
        .filter((name) => typeof name === 'string');
    const templates = await namesOf('templates');
    return {
      tools: await namesOf('tools'),
      prompts: await namesOf('prompts'),
      resources: await namesOf('resources'),
      isTemplated: (uri) =>
        templates.some((template) => template === uri || new UriTemplate(template).match(uri)),
    };
  });
}

/** Lets everything through: what the server sends is what is shown. */
const ANYTHING = {
  '~standard': { version: 1, vendor: 'thv', validate: (value: unknown) => ({ value }) },
} as const;

async function pagesOf(client: Client, list: ListName): Promise<readonly ListItem[]> {
  const { method, capability, key } = LISTS[list];
  if (client.getServerCapabilities()?.[capability] === undefined) {
    return [];
  }
  const items: ListItem[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const params = cursor === undefined ? {} : { cursor };
    const result = toRecord(await client.request({ method, params }, ANYTHING));
    const found = result[key];
    if (!Array.isArray(found)) {
      throw unreadable(list);
    }
    items.push(...found.map(toRecord));
    const next = result['nextCursor'];
    if (typeof next !== 'string' || next === '' || next === cursor) {
      return items;
    }
    cursor = next;
  }
  return items;
}

function toRecord(value: unknown): ListItem {
  return isRecord(value) ? value : {};
}

function unreadable(list: ListName): CliError {
  return new CliError({
    exitCode: EXIT.failed,
    what: `mcp list ${list}`,
    why: 'the server sent something that is no list',
  });
}
