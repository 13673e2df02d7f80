/**
 * What a revision or an SDK cannot do, proxy or not, and why. Each is tried all the same: what works
 * must be struck from here.
 */
import type { Generation } from './clients.ts';

export interface Impossible {
  readonly server: RegExp;
  readonly client: readonly Generation[];
  /** `connect`: there is no revision that both speak. */
  readonly features: readonly string[];
  readonly reason: string;
}

const OLD: readonly Generation[] = ['1.x', '2.x'];

export const IMPOSSIBLE: readonly Impossible[] = [
  {
    server: /^(?:SDK 1\.x|everything$)/,
    client: ['2.x, 2026-07-28'],
    features: ['connect'],
    reason: 'SDK 1.x does not know 2026-07-28, and this client insists on it',
  },
  {
    server: /stateless/,
    client: OLD,
    features: ['subscriptions', 'sampling', 'elicitation'],
    reason: 'without a session there is nobody to tell, and no answer finds the one who asked',
  },
  {
    server: /stateless/,
    client: OLD,
    features: ['cancellation'],
    reason: 'without a session the cancellation reaches another instance than the call',
  },
  {
    server: /stateless/,
    client: OLD,
    features: ['resumption'],
    reason: 'without a session nothing is kept to be sent again',
  },
  {
    server: /one process/,
    client: OLD,
    features: ['sampling', 'elicitation'],
    reason: 'a process that everybody shares cannot know whom to ask',
  },
  {
    server: /process/,
    client: ['2.x, 2026-07-28'],
    features: ['sampling', 'elicitation'],
    reason: 'this process speaks 2025-11-25, in which nobody without a session can be asked',
  },
  {
    server: /process/,
    client: OLD,
    features: ['resumption'],
    reason: 'a process on stdio keeps nothing to be sent again',
  },
  {
    server: /^SDK 2\.x|process/,
    client: ['2.x, 2026-07-28'],
    features: ['resumption'],
    reason: '2026-07-28 has no resumption; a call that breaks off is made again',
  },
];

export function reasonFor(server: string, client: Generation, feature: string): string | undefined {
  return IMPOSSIBLE.find(
    (one) =>
      one.server.test(server) && one.client.includes(client) && one.features.includes(feature),
  )?.reason;
}
