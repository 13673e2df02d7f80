/** The reference server of the protocol's authors, as it is published. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { hostSessions } from '../../conformance/session-host.ts';
import type { MatrixServer, Surface } from '../surface.ts';

interface Everything {
  readonly server: McpServer;
  readonly cleanup: (sessionId?: string) => void;
}

const SURFACE: Surface = {
  sum: { name: 'get-sum', arguments: { a: 2, b: 3 } },
  sumText: 'The sum of 2 and 3 is 5.',
  long: { name: 'trigger-long-running-operation', arguments: { duration: 0.1, steps: 3 } },
  hang: { name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 1 } },
  log: { name: 'toggle-simulated-logging' },
  askModel: { name: 'trigger-sampling-request', arguments: { prompt: 'What now?' } },
  askUser: { name: 'trigger-elicitation-request' },
  touch: { name: 'toggle-subscriber-updates' },
  prompt: {
    name: 'completable-prompt',
    arguments: { department: 'Sales', name: 'Eve' },
    text: 'Please promote Eve to the head of the Sales team.',
  },
  completion: { argument: { name: 'department', value: 'S' }, values: ['Sales', 'Support'] },
  resource: {
    uri: 'demo://resource/static/document/structure.md',
    text: 'Everything Server',
  },
  template: {
    uriTemplate: 'demo://resource/dynamic/text/{resourceId}',
    uri: 'demo://resource/dynamic/text/7',
    text: 'Resource 7',
  },
};

const MANIFEST = createRequire(import.meta.url).resolve(
  '@modelcontextprotocol/server-everything/package.json',
);
const DIST = join(dirname(MANIFEST), 'dist');

/** As a process of its own, which everybody shares or each session has. */
export function createEverythingProcess(isolation: 'shared' | 'session'): MatrixServer {
  const args = [join(DIST, 'index.js'), 'stdio'];
  return { surface: SURFACE, cancelled: undefined, process: { args, isolation } };
}

/** Its own start-up code listens on a port of its choice; the server behind it is the same. */
export async function createEverything(): Promise<MatrixServer> {
  const file = pathToFileURL(join(DIST, 'server', 'index.js')).href;
  const { createServer } = (await import(file)) as { createServer: () => Everything };
  const cleanups: (() => void)[] = [];
  return {
    surface: SURFACE,
    cancelled: undefined,
    fetch: hostSessions(async (options) => {
      const { server, cleanup } = createServer();
      const transport = new WebStandardStreamableHTTPServerTransport({
        ...options,
        retryInterval: 20,
      });
      cleanups.push(() => cleanup(transport.sessionId));
      // Safe: it is one; only optional members are stricter under exactOptionalPropertyTypes.
      await server.connect(transport as Transport);
      return transport;
    }),
    close: () => {
      for (const cleanup of cleanups) cleanup();
    },
  };
}
