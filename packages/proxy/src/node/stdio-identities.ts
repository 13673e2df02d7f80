/**
 * One server per identity, for the revision that has no sessions (2026-07-28).
 *
 * Who asks for isolation wants callers to share nothing. Without sessions the caller is what is left.
 */

import type { Answer } from '../http/answer.ts';
import type { McpMessage } from '../mcp/message.ts';
import * as answers from '../upstream/answers.ts';
import type { UpstreamContext } from '../upstream/upstream.ts';
import { openConnection, refusalLine } from './stdio-connection.ts';
import { greetProcess } from './stdio-greeting.ts';
import { createInterests } from './stdio-interests.ts';
import { createModernSide, type ModernSide } from './stdio-modern.ts';
import type { StdioSettings } from './stdio-options.ts';
import { ownerOf, sweepEvery } from './stdio-session.ts';
import { createSupervisor } from './stdio-supervisor.ts';

export interface Identities {
  handle(message: McpMessage, context: UpstreamContext): Promise<Answer>;
  close(): Promise<void>;
}

interface Household {
  readonly side: ModernSide;
  readonly close: () => Promise<void>;
  lastUsed: number;
  /** Requests that have not come to an answer. */
  asked: number;
}

export function createIdentities(settings: StdioSettings): Identities {
  const { now, sessionTtl, maxSessions, log } = settings;
  // In order of last use, so that the first idle one is the next to go.
  const households = new Map<string, Household>();
  /** Processes that are being stopped; `close` waits for them. */
  const stopping = new Set<Promise<void>>();

  const end = (owner: string, household: Household): void => {
    households.delete(owner);
    const stopped = household.close().finally(() => stopping.delete(stopped));
    stopping.add(stopped);
  };
  /** Ends those that have not been used for long, and one more if there has to be room. */
  const sweep = (needsRoom: boolean): void => {
    for (const [owner, household] of households) {
      const isExpired = now() - household.lastUsed > sessionTtl;
      const isSurplus = needsRoom && households.size >= maxSessions;
      if (!isExpired && !isSurplus) return;
      if (household.asked > 0 || household.side.isBusy) continue;
      log({ type: 'session-ended', reason: isExpired ? 'expired' : 'evicted' });
      end(owner, household);
    }
  };
  const timer = sweepEvery(sessionTtl, () => sweep(false));

  return {
    async handle(message, context) {
      const owner = ownerOf(context);
      let household = households.get(owner);
      if (household === undefined) {
        sweep(true);
        if (households.size >= maxSessions) {
          return answers.answerFailure(answers.TOO_MANY_SESSIONS, message.id);
        }
        household = openHousehold(settings);
      }
      household.lastUsed = now();
      households.delete(owner);
      households.set(owner, household);
      household.asked += 1;
      try {
        return await household.side.handle(message, context);
      } finally {
        household.asked -= 1;
      }
    },
    async close() {
      clearInterval(timer);
      for (const [owner, household] of households) end(owner, household);
      await Promise.allSettled(stopping);
    },
  };
}

function openHousehold(settings: StdioSettings): Household {
  const interests = createInterests();
  const supervisor = createSupervisor({
    settings,
    greet: greetProcess,
    open() {
      const connection = openConnection(settings, {
        onNotification: (notice) => side.hear(notice),
        onRequest: (message) => connection.send(refusalLine(message)),
      });
      return connection;
    },
    onLive: ({ connection }) => interests.reapply(connection),
  });
  const side: ModernSide = createModernSide({
    ...{ settings, supervisor, interests },
    isPrivate: () => true,
    isAlone: true,
  });
  return {
    side,
    close: async () => void (await Promise.all([side.close(), supervisor.close()])),
    lastUsed: settings.now(),
    asked: 0,
  };
}
