/** How long a server may take, how long its sessions last, and whether there are any. */

import type { PlainUpstreamConfig } from './config.ts';

export interface ServingConfig {
  /** Longest silence of the server before a request is given up. Milliseconds. Default 60 000. */
  readonly requestTimeout?: number;
  /** A session that nobody uses is forgotten after this long. Milliseconds. Default two hours. */
  readonly sessionTtl?: number;
  /** Of a stdio server: one process for everybody, or one per session. Default `shared`. */
  readonly isolation?: 'shared' | 'session';
  /** The server knows nothing but POST: GET and DELETE are answered 405 and never reach it. */
  readonly stateless?: boolean;
}

/** A setting without effect, and why (D1). */
export interface IdleServing {
  readonly key: keyof ServingConfig;
  /** Follows "means nothing:". */
  readonly why: string;
}

/** The first setting that would do nothing for this kind of server. */
export function findIdleServing(
  serving: ServingConfig,
  upstream: Pick<PlainUpstreamConfig, 'kind'> & { readonly transport?: string | undefined },
): IdleServing | undefined {
  const isUrl = upstream.kind === 'http';
  if (serving.isolation !== undefined && isUrl) {
    return { key: 'isolation', why: 'a URL has no process' };
  }
  if (serving.stateless !== true) return undefined;
  if (!isUrl) return { key: 'stateless', why: 'sessions of a stdio server are kept here' };
  if (upstream.transport === 'sse') {
    return { key: 'stateless', why: 'the sse transport is nothing without GET' };
  }
  return serving.sessionTtl === undefined
    ? undefined
    : { key: 'sessionTtl', why: 'a stateless server has no sessions' };
}
