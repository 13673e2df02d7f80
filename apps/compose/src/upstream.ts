/** Builds what stands behind the proxy, and tells the operator how it fares. */

import type { Upstream } from '@thv/proxy';
import { createStdioUpstream, type StdioEvent } from '@thv/proxy/node';
import type { LogEvent, ProtectedServerConfig } from './config.ts';
import { createHostedUpstream } from './hosted-upstream.ts';
import { openHttpUpstream } from './http-upstream.ts';
import type { ServingConfig } from './serving-config.ts';

/**
 * Creates the upstream of a server. A stdio server's process starts with it.
 *
 * @param stopping aborted when the server is about to be closed
 * @throws {TypeError} when a credential for the server cannot be read
 */
export async function createUpstream(
  config: UpstreamSurroundings,
  stopping: AbortSignal,
): Promise<Upstream> {
  const { upstream, log, onServerEvent, serving = {} } = config;
  const serverLog =
    config.serverLog ?? ((line) => log({ level: 'debug', message: `server: ${line}` }));
  if (upstream.kind === 'http') return openHttpUpstream(upstream, log, serving);
  if (upstream.kind === 'hosted') {
    const inner = await createUpstream({ ...config, upstream: upstream.upstream }, stopping);
    return createHostedUpstream(inner, {
      ...{ host: upstream.host, reports: { log, serverLog }, stopping },
    });
  }
  const { command, args, env, cwd, restart, label = command } = upstream;
  let hasServed = false;
  return createStdioUpstream({
    command,
    args,
    env,
    ...(cwd !== undefined && { cwd }),
    ...(restart !== undefined && { restart }),
    ...patienceOf(serving),
    ...(serving.isolation !== undefined && { isolation: serving.isolation }),
    log: (event) => {
      onServerEvent?.(event);
      hasServed ||= event.type === 'process-ready';
      for (const news of describe(event, { command, label, hasServed })) log(news);
    },
    stderr: serverLog,
  });
}

type UpstreamSurroundings = Pick<
  ProtectedServerConfig,
  'upstream' | 'log' | 'serverLog' | 'onServerEvent' | 'serving'
>;

const HOUR = 3_600_000;

function patienceOf({ requestTimeout, sessionTtl }: ServingConfig) {
  return {
    ...(requestTimeout !== undefined && {
      requestTimeout,
      // A limit on requests that report progress must not undercut the one on those that do not.
      maxRequestTimeout: Math.max(requestTimeout, HOUR),
    }),
    ...(sessionTtl !== undefined && { sessionTtl }),
  };
}

interface Circumstances {
  readonly command: string;
  /** What messages call it. */
  readonly label: string;
  /** Before, whoever waits for the first start learns of its failure from `ready`. */
  readonly hasServed: boolean;
}

/** What an event of the bridge means to whoever reads the log. */
function describe(
  event: StdioEvent,
  { command, label, hasServed }: Circumstances,
): readonly LogEvent[] {
  switch (event.type) {
    case 'process-failed':
    case 'process-exited':
      return [
        {
          level: hasServed ? 'error' : 'debug',
          message: `${label}: ${event.reason.replace(`"${command}"`, `"${label}"`)}`,
        },
        ...event.stderr.map((line): LogEvent => ({ level: 'error', message: `server: ${line}` })),
      ];
    case 'restart-scheduled':
      return [
        {
          level: hasServed ? 'warn' : 'debug',
          message: `the server is started again in ${event.delay / 1000} s`,
          detail: { attempt: event.attempt },
        },
      ];
    default:
      return [describeOne(event, label)];
  }
}

type OtherEvent = Exclude<
  StdioEvent,
  { readonly type: 'process-failed' | 'process-exited' | 'restart-scheduled' }
>;

function describeOne(event: OtherEvent, label: string): LogEvent {
  switch (event.type) {
    case 'process-started':
      return { level: 'debug', message: `started ${label}`, detail: { pid: event.pid } };
    case 'process-ready':
      return {
        level: 'debug',
        message: 'the server answered initialize',
        detail: { pid: event.pid, version: event.version },
      };
    case 'restart-abandoned':
      return {
        level: 'error',
        message: `the server is not started again: ${event.attempts} failures`,
      };
    case 'revision-found':
      return {
        level: 'debug',
        message: event.native
          ? 'the server speaks 2026-07-28; a second process serves its clients'
          : 'clients of 2026-07-28 are served by translation',
      };
    case 'stream-overflow':
      return { level: 'warn', message: 'a client reads too slowly; its stream was closed' };
    case 'request-timed-out':
      return { level: 'warn', message: `the server did not answer ${event.method} in time` };
    case 'reply-withheld':
      return { level: 'error', message: `the answer to ${event.method} cannot be read` };
    case 'line-skipped':
      return {
        level: 'debug',
        message: `the server wrote a line that is no message: ${event.reason}`,
        detail: { length: event.length },
      };
    case 'reply-unmatched':
    case 'message-dropped':
    case 'session-ended':
      return { level: 'debug', message: event.type, detail: { ...event } };
  }
}
