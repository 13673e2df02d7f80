/**
 * The MCP clients that thv can set up: where each keeps its servers, and how it writes one. Pure.
 *
 * Claude Code takes `type` as required and reads an entry without it as a command; VS Code names its
 * list `servers`; Cursor finds the transport out by itself.
 */
import { join } from 'node:path';

export const CLIENT_IDS = ['claude-code', 'cursor', 'vscode'] as const;
export type ClientId = (typeof CLIENT_IDS)[number];

/** The machine and its user. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** How one client keeps its servers. */
export interface Client {
  readonly title: string;
  /** The member that holds the servers by name. */
  readonly key: 'mcpServers' | 'servers';
  readonly entry: (url: string) => Readonly<Record<string, string>>;
  /** The user's own file, which holds for every project. */
  readonly file: (machine: Machine) => string;
  /** One of these is there when the client has been used. */
  readonly traces: (machine: Machine) => readonly string[];
  /** What a server may be called. */
  readonly name: RegExp;
  /** When it reads the file. */
  readonly afterwards: string;
}

export const CLIENTS: Readonly<Record<ClientId, Client>> = {
  'claude-code': {
    title: 'Claude Code',
    key: 'mcpServers',
    entry: (url) => ({ type: 'http', url }),
    file: ({ env, home }) => join(env['CLAUDE_CONFIG_DIR'] || home, '.claude.json'),
    traces: ({ env, home }) => [env['CLAUDE_CONFIG_DIR'] || join(home, '.claude')],
    name: /^[\w-]{1,64}$/,
    afterwards: 'start Claude Code anew, then /mcp signs in',
  },
  cursor: {
    title: 'Cursor',
    key: 'mcpServers',
    entry: (url) => ({ url }),
    file: ({ home }) => join(home, '.cursor', 'mcp.json'),
    traces: ({ home }) => [join(home, '.cursor')],
    name: /^[\w.-]{1,128}$/,
    afterwards: 'Cursor shows it under Settings, MCP',
  },
  vscode: {
    title: 'VS Code',
    key: 'servers',
    entry: (url) => ({ type: 'http', url }),
    file: (machine) => join(vscodeFolder(machine), 'User', 'mcp.json'),
    traces: (machine) => [vscodeFolder(machine)],
    name: /^[\w.-]{1,128}$/,
    afterwards: 'VS Code asks whether to start it',
  },
};

function vscodeFolder({ platform, env, home }: Machine): string {
  switch (platform) {
    case 'darwin':
      return join(home, 'Library', 'Application Support', 'Code');
    case 'win32':
      return join(env['APPDATA'] || join(home, 'AppData', 'Roaming'), 'Code');
    default:
      return join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'Code');
  }
}
