/** One line of the audit log: which fields it has, and what may stand in them (D38, D4). */

import type { Exchange } from '../exchange.ts';
import { type ExchangeReport, type Outcome, shorten } from '../report.ts';

/** What is kept of the arguments of a call. */
export type AuditArguments = 'names' | 'values' | 'none';

/**
 * One request on the MCP route. Every field but `called_as` is always there; what is not known is
 * `null`.
 */
export interface AuditRecord {
  /** When the answer began, ISO 8601 in UTC. */
  readonly time: string;
  readonly type: AuditType;
  readonly outcome: Outcome;
  /** HTTP status of the answer; 499 when the client left before. */
  readonly status: number;
  /** Why it was not a success: a code from a fixed vocabulary. */
  readonly reason: string | null;
  /** The id that a denied caller was told (D31). */
  readonly decision: string | null;
  /** Ids of the policies that decided. */
  readonly policies: readonly string[];
  readonly iss: string | null;
  readonly sub: string | null;
  /** The first of the claims `client_id`, `azp`, `cid`, `appid`. */
  readonly client_id: string | null;
  /** The first 16 hexadecimal digits of the SHA-256 of the session id. */
  readonly session: string | null;
  /** Name of the MCP server. */
  readonly server: string;
  /** MCP method; of GET and DELETE, and of what could not be read, the HTTP method. */
  readonly method: string;
  /** Tool or prompt name, or resource URI; of a renamed tool the server's own name. */
  readonly target: string | null;
  /** Of a renamed tool only: the name by which the caller called it. */
  readonly called_as?: string;
  /** Names, or values by name; `null` when they are left out. */
  readonly arguments: readonly string[] | Readonly<Record<string, unknown>> | null;
  /** Milliseconds until the answer began. */
  readonly duration_ms: number;
  /** Address of the client. */
  readonly source: string | null;
}

const TYPE_OF_METHOD = {
  initialize: 'mcp_initialize',
  ping: 'mcp_ping',
  'tools/call': 'mcp_tool_call',
  'tools/list': 'mcp_tools_list',
  'prompts/get': 'mcp_prompt_get',
  'prompts/list': 'mcp_prompts_list',
  'resources/read': 'mcp_resource_read',
  'resources/list': 'mcp_resources_list',
  'resources/templates/list': 'mcp_resources_list',
  'completion/complete': 'mcp_completion',
  'logging/setLevel': 'mcp_logging',
  'notifications/roots/list_changed': 'mcp_roots_list_changed',
} as const;

/** What kind of event a line is about. */
export type AuditType =
  | (typeof TYPE_OF_METHOD)[keyof typeof TYPE_OF_METHOD]
  | 'mcp_request'
  | 'mcp_notification'
  | 'mcp_response'
  | 'mcp_stream'
  | 'mcp_session_end'
  | 'http_request';

export interface AuditRecordOptions {
  readonly server: string;
  readonly arguments: AuditArguments;
  /** What stands for the session id, which is half a credential. */
  readonly session: string | undefined;
}

/** Builds the record of a finished exchange. */
export function buildAuditRecord(
  exchange: Exchange,
  report: ExchangeReport,
  options: AuditRecordOptions,
): AuditRecord {
  return {
    time: report.time,
    type: typeOf(exchange),
    outcome: report.outcome,
    status: report.status,
    reason: report.reason ?? null,
    decision: report.decision ?? null,
    policies: report.policies,
    iss: shortenOrNull(report.issuer),
    sub: shortenOrNull(report.subject),
    client_id: clientOf(exchange),
    session: options.session ?? null,
    server: options.server,
    method: report.method ?? report.httpMethod,
    target: report.target ?? null,
    ...(report.shownTarget !== undefined && { called_as: report.shownTarget }),
    arguments: argumentsOf(exchange, report, options.arguments),
    duration_ms: report.duration,
    source: report.source ?? null,
  };
}

/** Claims and arguments can be as long as a body may be; a line should not. */
const MAX_CLAIM = 1024;
const MAX_VALUE = 4096;

function typeOf({ message, request, identity }: Exchange): AuditType {
  if (message === undefined) {
    if (identity === undefined) return 'http_request';
    if (request.method === 'GET') return 'mcp_stream';
    return request.method === 'DELETE' ? 'mcp_session_end' : 'http_request';
  }
  const { method = '' } = message;
  if (Object.hasOwn(TYPE_OF_METHOD, method)) {
    return TYPE_OF_METHOD[method as keyof typeof TYPE_OF_METHOD]; // hasOwn has just said so
  }
  return `mcp_${message.kind}`;
}

function clientOf({ identity }: Exchange): string | null {
  const claims = identity?.claims ?? {};
  const found = ['client_id', 'azp', 'cid', 'appid']
    .map((name) => (Object.hasOwn(claims, name) ? claims[name] : undefined))
    .find((value) => typeof value === 'string');
  return shortenOrNull(found);
}

function argumentsOf(
  { message }: Exchange,
  { arguments: names }: ExchangeReport,
  kept: AuditArguments,
): AuditRecord['arguments'] {
  if (kept === 'none') return null;
  const args = message?.params?.['arguments'];
  if (kept === 'names' || typeof args !== 'object' || args === null) return names;
  const entries = Object.entries(args).slice(0, names.length);
  return Object.fromEntries(entries.map(([, value], index) => [names[index], bounded(value)]));
}

/** The value, or the beginning of its JSON text where that is long. */
function bounded(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text.length <= MAX_VALUE ? value : shorten(text, MAX_VALUE);
}

function shortenOrNull(text: string | undefined): string | null {
  return text === undefined ? null : shorten(text, MAX_CLAIM);
}
