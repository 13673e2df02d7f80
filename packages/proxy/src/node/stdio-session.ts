/** Sessions of the bridge: minted here, owned by one identity, ended by disuse (D21). */

import { randomUUID } from 'node:crypto';
import { whoGivesWay } from '../limit/make-room.ts';
import type { JsonRpcMessage } from '../mcp/json-rpc.ts';
import { ownerKey } from '../session/store.ts';
import type { Failure } from '../upstream/answers.ts';
import type { Exchange } from '../upstream/pending-answer.ts';
import type { UpstreamContext } from '../upstream/upstream.ts';
import { MAX_TIMER, type SessionEnd, type StdioSettings } from './stdio-options.ts';
import { createSessionStream, type SessionStream } from './stdio-session-stream.ts';

/** A request of a session that the process is working on. */
export interface InFlight {
  /** Undefined once its client has left. */
  readonly exchange: Exchange | undefined;
  /** The id under which the process knows it. */
  readonly key: string;
  /** Ends it without a word to the process. */
  end(failure: Failure): void;
  /** Ends it and tells the process. */
  cancel(failure: Failure): void;
}

/** The requests in flight by the id that the client gave them; ids may be used twice. */
export interface InFlightTable {
  add(clientKey: string, request: InFlight): void;
  remove(clientKey: string, request: InFlight): void;
  find(clientKey: string): readonly InFlight[];
  all(): readonly InFlight[];
  readonly isEmpty: boolean;
}

export interface Session {
  readonly id: string;
  readonly owner: string;
  readonly inFlight: InFlightTable;
  readonly stream: SessionStream;
  /** True once the session has ended. */
  readonly hasEnded: boolean;
  /** Delivers a notification on the session's stream, if one is open. */
  hear(notice: JsonRpcMessage): void;
}

export interface SessionTable {
  /** A new session for this identity; undefined when there are too many in use. */
  create(context: UpstreamContext): Session | undefined;
  /** The session with this id, if it belongs to the identity. Counts as use. */
  find(id: string, context: UpstreamContext): Session | undefined;
  end(session: Session, reason: SessionEnd): void;
  all(): Iterable<Session>;
  /** Ends all sessions and the sweep. */
  close(): void;
}

interface Entry extends Session {
  lastUsed: number;
  hasEnded: boolean;
}

export interface SessionTableOptions {
  /** Lets go of whatever else belongs to a session. */
  readonly onEnd: (session: Session, reason: SessionEnd) => void;
  /** True for a session that must not make room although nothing of it is in flight. */
  readonly isBusy?: (session: Session) => boolean;
}

/** Creates an empty table. */
export function createSessionTable(
  settings: StdioSettings,
  { onEnd, isBusy = () => false }: SessionTableOptions,
): SessionTable {
  const { now, sessionTtl, log } = settings;
  const entries = new Map<string, Entry>();

  const isInUse = (entry: Entry): boolean =>
    entry.stream.isOpen || !entry.inFlight.isEmpty || isBusy(entry);
  const isExpired = (entry: Entry): boolean =>
    !isInUse(entry) && now() - entry.lastUsed > sessionTtl;

  const end = (session: Session, reason: SessionEnd): void => {
    const entry = entries.get(session.id);
    if (entry === undefined) return;
    entries.delete(session.id);
    entry.hasEnded = true;
    entry.stream.close();
    log({ type: 'session-ended', reason });
    onEnd(session, reason);
  };

  const sweep = (): void => {
    for (const entry of [...entries.values()]) if (isExpired(entry)) end(entry, 'expired');
  };
  const timer = sweepEvery(sessionTtl, sweep);

  const makeRoom = (owner: string): boolean => {
    const victim = whoGivesWay(entries.values(), { owner, isInUse, now: now() });
    if (victim !== undefined) end(victim, 'evicted');
    return victim !== undefined;
  };

  return {
    create(context) {
      if (entries.size >= settings.maxSessions) sweep();
      const owner = ownerOf(context);
      if (entries.size >= settings.maxSessions && !makeRoom(owner)) return undefined;
      const entry: Entry = {
        id: randomUUID(),
        owner,
        inFlight: createInFlightTable(),
        stream: createSessionStream(settings),
        lastUsed: now(),
        hasEnded: false,
        hear: ({ text }) => void entry.stream.send(text),
      };
      entries.set(entry.id, entry);
      return entry;
    },
    find(id, context) {
      const entry = entries.get(id);
      if (entry === undefined || entry.owner !== ownerOf(context)) return undefined;
      if (isExpired(entry)) {
        end(entry, 'expired');
        return undefined;
      }
      entry.lastUsed = now();
      return entry;
    },
    end,
    all: () => entries.values(),
    close() {
      clearInterval(timer);
      for (const entry of [...entries.values()]) end(entry, 'closed');
    },
  };
}

/** Has what was not used for `ttl` looked for, as long as the program runs anyway. */
export function sweepEvery(ttl: number, sweep: () => void): NodeJS.Timeout {
  return setInterval(sweep, Math.max(1, Math.min(ttl / 2, MAX_TIMER))).unref();
}

export function ownerOf({ identity }: UpstreamContext): string {
  return ownerKey(identity);
}

function createInFlightTable(): InFlightTable {
  const requests = new Map<string, Set<InFlight>>();
  return {
    add(clientKey, request) {
      const same = requests.get(clientKey);
      if (same === undefined) requests.set(clientKey, new Set([request]));
      else same.add(request);
    },
    remove(clientKey, request) {
      const same = requests.get(clientKey);
      same?.delete(request);
      if (same?.size === 0) requests.delete(clientKey);
    },
    find: (clientKey) => [...(requests.get(clientKey) ?? [])],
    all: () => [...requests.values()].flatMap((same) => [...same]),
    get isEmpty() {
      return requests.size === 0;
    },
  };
}
