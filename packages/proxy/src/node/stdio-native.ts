/** The process for clients of the 2026 revision, where the server turns out to speak it itself. */

import type { JsonRpcMessage } from '../mcp/json-rpc.ts';
import { openConnection, refusalLine } from './stdio-connection.ts';
import { discoverProcess } from './stdio-greeting.ts';
import type { StdioEvent, StdioSettings } from './stdio-options.ts';
import {
  createSupervisor,
  isUnavailable,
  type LiveServer,
  type Unavailable,
} from './stdio-supervisor.ts';

export interface NativeServer {
  /** True once the server is known to speak the 2026 revision. */
  readonly isKnown: boolean;
  /** Requests that it has not answered. */
  readonly pending: number;
  /** The process; `absent` when the server does not speak the 2026 revision. */
  acquire(): Promise<LiveServer | Unavailable | 'absent'>;
  close(): Promise<void>;
}

export interface NativeServerOptions {
  readonly settings: StdioSettings;
  readonly onNotification: (message: JsonRpcMessage) => void;
}

/** A server that leaves questions that it does not know unanswered speaks an older revision. Ms. */
const PROBE_TIMEOUT = 10_000;

/**
 * Looks for the 2026 revision when it is first needed.
 *
 * Servers that speak both eras choose one for the life of a connection, by its first message; so the
 * question needs a process of its own, and with a yes that process stays for the clients of the era.
 */
export function createNativeServer({
  settings,
  onNotification,
}: NativeServerOptions): NativeServer {
  let isKnown = false;
  let search: Promise<'native' | 'absent'> | undefined;
  const log = (event: StdioEvent): void => {
    // A process that only answers no, or ends at the question, is no failure of the server.
    if (isKnown || event.type === 'process-started' || event.type === 'process-ready') {
      settings.log(event);
    }
  };
  const startTimeout = Math.min(settings.startTimeout, PROBE_TIMEOUT);
  const supervisor = createSupervisor({
    settings: { ...settings, startTimeout, log },
    greet: discoverProcess,
    open() {
      const connection = openConnection(settings, {
        onNotification,
        // The revision has no requests of servers.
        onRequest: (message) => connection.send(refusalLine(message)),
      });
      return connection;
    },
    onLive: () => undefined,
  });

  async function find(): Promise<'native' | 'absent'> {
    const found = await supervisor.acquire();
    isKnown = !isUnavailable(found);
    settings.log({ type: 'revision-found', native: isKnown });
    if (isKnown) return 'native';
    await supervisor.close();
    return 'absent';
  }

  return {
    get isKnown() {
      return isKnown;
    },
    get pending() {
      return supervisor.live?.connection.pending ?? 0;
    },
    async acquire() {
      search ??= find();
      return (await search) === 'absent' ? 'absent' : supervisor.acquire();
    },
    close: () => supervisor.close(),
  };
}
