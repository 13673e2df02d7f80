/** The process of one session, and its successors: a crash does not end the session. */

import type { JsonRpcMessage } from '../mcp/json-rpc.ts';
import type { McpMessage } from '../mcp/message.ts';
import { spliceText } from '../mcp/splice.ts';
import { createServerAsks, type ServerAsks } from './stdio-asks.ts';
import { openConnection } from './stdio-connection.ts';
import { type Greet, INITIALIZED, openWith, readGreeting } from './stdio-greeting.ts';
import { isLogLevel, MAX_SUBSCRIPTIONS } from './stdio-interests.ts';
import type { StdioEvent, StdioSettings } from './stdio-options.ts';
import type { Session } from './stdio-session.ts';
import { createSupervisor, isUnavailable, type Supervisor } from './stdio-supervisor.ts';

export interface Tenant {
  readonly asks: ServerAsks;
  readonly supervisor: Supervisor;
  /** True while the client owes the process an answer. */
  isAsking(): boolean;
  /** True until the first process has answered `initialize`, or has failed to. */
  readonly isStarting: boolean;
  /**
   * Starts the first process. Its answer to `initialize`, also a refusal; undefined when there is
   * none.
   */
  begin(): Promise<{ readonly reply: JsonRpcMessage; readonly isWelcome: boolean } | undefined>;
  /** Takes note, once it is accepted, of what a new process has to be told again. */
  whenAccepted(request: McpMessage): () => void;
  /** The client said `initialized`, which every further process hears from the bridge. */
  noteInitialized(): void;
}

/** Characters of a URI, and of an `initialize`, that is kept for the next process. */
const MAX_KEPT = 4096;
const MAX_INITIALIZE = 64 * 1024;

export interface TenantOptions {
  readonly session: Session;
  /**
   * The `initialize` of the client: every process gets it as it is, but for the id. A large one is not
   * kept, and its session ends with the first process.
   */
  readonly initialize: McpMessage;
  readonly settings: StdioSettings;
  /** No process can be started any more. */
  readonly onAbandoned: () => void;
}

export function createTenant({
  session,
  initialize,
  settings,
  onAbandoned,
}: TenantOptions): Tenant {
  const subscriptions = new Set<string>();
  const isKept = initialize.text.length <= MAX_INITIALIZE;
  // Of a session that lasts for hours; what was read of the text can be many times as large.
  let opening: Opening | undefined = { text: initialize.text, spans: initialize.spans };
  let level: unknown;
  let isInitialized = false;
  let isStarting = true;
  let version: string | undefined;
  let refusal: JsonRpcMessage | undefined;

  const log = (event: StdioEvent): void => {
    // Whoever begins a session that comes to nothing is told so; nobody waits for another process.
    const isRestart = event.type === 'restart-scheduled' || event.type === 'restart-abandoned';
    if (!isStarting || !isRestart) settings.log(event);
  };
  const asks = createServerAsks(session, {
    log,
    reply: (text) => supervisor.live?.connection.send(text),
  });

  const greet: Greet = async (connection) => {
    if (opening === undefined) return { ok: false, reason: 'the initialize was too large to keep' };
    const first = opening;
    if (!isKept) opening = undefined;
    const opened = await openWith('initialize', (key) => withId(first, key), {
      connection,
      settings,
    });
    if ('reason' in opened) return { ok: false, reason: opened.reason };
    const greeting = readGreeting(opened.reply);
    const isWelcome = greeting?.version !== undefined;
    if (!isWelcome) refusal = opened.reply;
    if (!isWelcome || (version !== undefined && greeting.version !== version)) {
      return { ok: false, reason: `"${settings.command}" refused initialize` };
    }
    version = greeting.version;
    if (isInitialized) connection.send(INITIALIZED);
    return { ok: true, greeting };
  };

  const supervisor = createSupervisor({
    settings: { ...settings, log, ...(!isKept && { restart: NO_RESTART }) },
    greet,
    open() {
      const connection = openConnection(settings, {
        onNotification: asks.notify,
        onRequest: asks.ask,
      });
      void connection.exited.then(() => asks.withdraw());
      return connection;
    },
    onLive({ connection }) {
      if (level !== undefined) void connection.ask('logging/setLevel', { level });
      for (const uri of subscriptions) void connection.ask('resources/subscribe', { uri });
    },
    onAbandoned: () => {
      if (!isStarting) onAbandoned();
    },
  });

  return {
    asks,
    supervisor,
    isAsking: () => asks.isWaiting,
    get isStarting() {
      return isStarting;
    },
    async begin() {
      const server = await supervisor.acquire();
      const reply = isUnavailable(server) ? refusal : server.greeting.reply;
      if (!isUnavailable(server)) isStarting = false;
      return reply && { reply, isWelcome: !isUnavailable(server) };
    },
    whenAccepted({ method, params }) {
      const uri = params?.['uri'];
      const wanted = params?.['level'];
      switch (method) {
        case 'logging/setLevel':
          return () => {
            if (isLogLevel(wanted)) level = wanted;
          };
        case 'resources/unsubscribe':
          return () => void subscriptions.delete(String(uri));
        case 'resources/subscribe':
          return () => {
            // What is beyond the bound is subscribed to as long as this process lives.
            if (typeof uri !== 'string' || uri.length > MAX_KEPT) return;
            if (subscriptions.size < MAX_SUBSCRIPTIONS) subscriptions.add(uri);
          };
        default:
          return () => undefined;
      }
    },
    noteInitialized() {
      isInitialized = true;
    },
  };
}

const NO_RESTART = {
  initialDelay: 0,
  maxDelay: 0,
  maxAttempts: 0,
  stableAfter: Number.POSITIVE_INFINITY,
};

type Opening = Pick<McpMessage, 'text' | 'spans'>;

function withId(message: Opening, key: string): string {
  const id = message.spans.get('id');
  const token = message.spans.get('params._meta.progressToken');
  const text = JSON.stringify(key);
  const splices = [id, token].flatMap((span) => (span === undefined ? [] : [{ span, text }]));
  return spliceText(message.text, splices);
}
