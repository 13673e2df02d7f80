/** What an embedder chooses; checked once, when the proxy is created. */

import type { Identity } from '@thv/oidc';
import type { AuditOptions } from './audit/auditor.ts';
import type { PolicyEngine } from './authorization.ts';
import type { ProxyRequest } from './http/request.ts';
import type { RateLimits } from './limit/rate-limits.ts';
import type { ProxyObserver } from './observer.ts';
import type { ExchangeReport } from './report.ts';
import type { SessionStore } from './session/store.ts';
import type { SourceFinder } from './source/request-source.ts';
import type { ToolNames } from './tools/tool-names.ts';
import type { ToolOptions } from './tools/tool-options.ts';
import type { Upstream } from './upstream/upstream.ts';

/** What an authenticator may look at; a Web `Request` has it. */
export type CallerRequest = Pick<ProxyRequest, 'method' | 'url' | 'headers' | 'signal'>;

/** Finds out who calls; the resource server of `@thv/oidc` fits. */
export interface Authenticator {
  /**
   * The caller's identity; rejects when the request carries no acceptable credential. Asked again
   * every minute while a stream is open: it ends when `toResponse` then says less than 500.
   */
  verify(request: CallerRequest): Promise<Identity>;
  /** The answer to a rejected request: 400, 401, 403 or 503, never a detail of the reason. */
  toResponse(error: unknown): Response;
  /**
   * Who it was, for an error about a credential that is good but not for this, such as one without a
   * needed scope. The request is counted and reported as that identity's. Without it nobody's.
   */
  refusedIdentity?(error: unknown): Identity | undefined;
  /**
   * True when `verify` will need neither a signature check nor a question to anybody: the credential
   * was accepted a moment ago, or there is none. Such requests are neither counted as failed
   * sign-ins nor refused for those of others. Without it all of them are.
   */
  isCheapToVerify?(request: CallerRequest): boolean;
}

/** Which browsers and which host names may reach the proxy (D36). */
export interface OriginPolicy {
  /** Port of a loopback bind: Host and Origin must then be loopback names with this port. */
  readonly loopbackPort?: number;
  /** Exact origins that may call from a browser, such as `https://app.example.com`. */
  readonly allowedOrigins?: readonly string[];
  /** Further host names, `name` or `name:port`, of a tunnel or reverse proxy in front. */
  readonly allowedHosts?: readonly string[];
}

export interface ProxyOptions {
  readonly upstream: Upstream;
  readonly authenticate: Authenticator;
  /** Required, so that nothing is open by omission (D1); D33 when every caller may do everything. */
  readonly authorize: PolicyEngine | 'anything-authenticated';
  readonly origins: OriginPolicy | (() => OriginPolicy);
  /** RFC 9728 document; absent when callers do not sign in. */
  readonly resourceMetadata?: () => Readonly<Record<string, unknown>>;
  /** Which tools callers see, and under which names. Default: all, under the server's own. */
  readonly tools?: ToolOptions;
  /** Path of the MCP endpoint. Default `/mcp`. */
  readonly path?: string;
  /** The upstream knows nothing but POST: GET and DELETE are answered 405 here. Default false. */
  readonly stateless?: boolean;
  /** Bytes of a request body. Default 8 MiB. */
  readonly bodyLimit?: number;
  /**
   * Bytes of all bodies of more than 64 KiB whose answers have not begun; one identity may take half.
   * What has no room gets 503. At least twice `bodyLimit`. Default 128 MiB, or four times `bodyLimit`
   * where that is more.
   */
  readonly bodyBudget?: number;
  /** Bytes of a list answer, and characters of one event, held at most. Default 16 MiB. */
  readonly answerLimit?: number;
  /** Seconds that a stream may outlive its token. Default 30. */
  readonly streamLeeway?: number;
  /**
   * Addresses and CIDR ranges of the proxies in front, IPv4 or IPv6, such as `10.0.0.0/8`. Only from
   * these are `X-Forwarded-For` and `Forwarded` believed. List the proxies and not the network that
   * callers are in: whoever is at a trusted address can name any source. Default none.
   */
  readonly trustedProxies?: readonly string[];
  /** Limits of requests and of failed sign-ins; see `createRateLimits`. Default none. */
  readonly limits?: RateLimits;
  /** Default: in memory, forgotten after two hours without use. */
  readonly sessions?: SessionStore;
  /** Further conditions for `/readyz`, such as known signing keys. */
  readonly readiness?: readonly ((signal: AbortSignal) => Promise<void>)[];
  /** True while something works, but not as configured: `/readyz` then says `degraded` (D32). */
  readonly degraded?: () => boolean;
  /** Keeps a record of every request on the MCP route, written before it is answered (D38). */
  readonly audit?: AuditOptions;
  /** Watches requests, decisions, streams and sessions; `@thv/proxy/telemetry` makes one (D39). */
  readonly observer?: ProxyObserver;
  /**
   * Told the outcome of every request on the MCP route, also of refused ones. Where it throws, the
   * answer is withheld (500); what it rejects later with goes to `onError`.
   */
  readonly onExchange?: (report: ExchangeReport) => void;
  /** Told of what the operator must know; `error` is never shown to a caller. What it throws is dropped. */
  readonly onError?: (error: unknown, where: string) => void;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: () => number;
}

/** The options with every default filled in. */
export interface ResolvedOptions extends Required<Omit<ProxyOptions, Unset>> {
  readonly tools: ToolNames | undefined;
  readonly origins: () => OriginPolicy;
  readonly resourceMetadata: (() => Readonly<Record<string, unknown>>) | undefined;
  readonly sourceOf: SourceFinder;
  readonly onExchange: ProxyOptions['onExchange'] | undefined;
  readonly audit: AuditOptions | undefined;
  readonly observer: ProxyObserver | undefined;
}

/** Options without a default: what is not given is not done. */
type Unset =
  | 'resourceMetadata'
  | 'origins'
  | 'tools'
  | 'trustedProxies'
  | 'onExchange'
  | 'audit'
  | 'observer';
