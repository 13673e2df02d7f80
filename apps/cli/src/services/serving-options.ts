/** Turns the flags about timeouts, sessions and processes into settings, or says what is idle. Pure. */
import { findIdleServing, type ServingConfig } from '@thv/compose';
import { usageError } from '../cli-error.ts';
import type { ContainerPlan } from '../containers/plan-container.ts';
import type { ISOLATIONS } from './flag-words.ts';
import type { ServerArgument } from './server-argument.ts';

export interface ServingFlags {
  /** Seconds. */
  readonly requestTimeout?: number;
  /** Seconds. */
  readonly sessionTtl?: number;
  readonly stateless?: boolean;
  readonly stdioIsolation?: (typeof ISOLATIONS)[number];
}

const FLAGS: Readonly<Record<keyof ServingConfig, string>> = {
  requestTimeout: '--request-timeout',
  sessionTtl: '--session-ttl',
  stateless: '--stateless',
  isolation: '--stdio-isolation',
};

/** @throws {CliError} with exit code 2. */
export function planServing(
  flags: ServingFlags,
  server: Pick<ServerArgument, 'kind'> | Pick<ContainerPlan, 'transport'>,
  transport: string | undefined,
): ServingConfig {
  const { requestTimeout, sessionTtl, stateless, stdioIsolation } = flags;
  const serving: ServingConfig = {
    ...(requestTimeout !== undefined && {
      requestTimeout: toMilliseconds(FLAGS.requestTimeout, requestTimeout),
    }),
    ...(sessionTtl !== undefined && { sessionTtl: toMilliseconds(FLAGS.sessionTtl, sessionTtl) }),
    ...(stateless !== undefined && { stateless }),
    ...(stdioIsolation !== undefined && { isolation: stdioIsolation }),
  };
  const idle = findIdleServing(
    serving,
    'kind' in server
      ? { kind: server.kind === 'url' ? 'http' : 'stdio', transport }
      : { kind: server.transport === 'stdio' ? 'stdio' : 'http', transport: server.transport },
  );
  if (idle !== undefined) {
    throw usageError(FLAGS[idle.key], `means nothing: ${idle.why}`, 'leave it out');
  }
  return serving;
}

function toMilliseconds(flag: string, seconds: number): number {
  if (seconds === 0) throw usageError(flag, 'must be longer than nothing', 'write 30s, 5m or 2h');
  return seconds * 1000;
}
