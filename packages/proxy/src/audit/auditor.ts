/** Sees to it that every request leaves a record, and says what happens when one cannot (D38). */

import { ProxyError } from '../errors.ts';
import type { Exchange, Stage } from '../exchange.ts';
import { INTERNAL_ERROR } from '../mcp/json-rpc.ts';
import { replyError } from '../mcp/reply.ts';
import type { ExchangeReport } from '../report.ts';
import { type AuditArguments, type AuditRecord, buildAuditRecord } from './audit-record.ts';

/** Keeps audit records. `createAuditWriter` makes one of anything that takes lines. */
export interface AuditSink {
  /** Resolves once the record is kept; rejects when it is not, or not yet. */
  write(record: AuditRecord): Promise<void>;
  /** Resolves, or returns, while records can be kept; asked only where `required` is set. */
  ready(): Promise<void> | undefined;
}

export interface AuditOptions {
  readonly sink: AuditSink;
  /** Name of the MCP server, for the records. */
  readonly server: string;
  /** Refuses requests while no record can be kept. Default false: they are served, and `onError` is told. */
  readonly required?: boolean;
  /** What is kept of arguments. Default `names`. */
  readonly arguments?: AuditArguments;
}

export interface Auditor {
  /** Records the exchange; false when its answer must be withheld because that failed. */
  keep(exchange: Exchange, report: ExchangeReport, session: string | undefined): Promise<boolean>;
  /** Refuses while no record can be kept; stands before the upstream where that is required. */
  readonly gate: Stage;
}

interface AuditorOptions extends AuditOptions {
  readonly onError: (error: unknown, where: string) => void;
  readonly now: () => number;
}

/** A log that fails fails for every request; the operator is told at most this often. */
const TELL_EVERY = 10_000;

export function createAuditor(options: AuditorOptions): Auditor {
  const { sink, server, required = false, onError, now } = options;
  const kept = options.arguments ?? 'names';
  let toldAt = Number.NEGATIVE_INFINITY;
  let untold = 0;

  const fail = (cause: unknown): void => {
    untold += 1;
    if (now() - toldAt < TELL_EVERY) return;
    const effect = required ? 'requests are refused' : 'requests are served without it';
    const why = cause instanceof Error ? `: ${cause.message}` : '';
    const often = untold === 1 ? '' : ` (${untold} times)`;
    const text = `the audit log cannot be written${often}, ${effect}${why}`;
    toldAt = now();
    untold = 0;
    onError(new ProxyError('ERR_PROXY_AUDIT', text, { cause }), 'audit');
  };

  return {
    async keep(exchange, report, session) {
      try {
        await sink.write(buildAuditRecord(exchange, report, { server, arguments: kept, session }));
        return true;
      } catch (error) {
        fail(error);
        return !required;
      }
    },
    async gate(exchange, next) {
      try {
        await sink.ready();
      } catch (error) {
        fail(error);
        return refuseUnaudited(exchange);
      }
      return next();
    },
  };
}

/** The answer in place of one that no record tells of. */
export function refuseUnaudited(exchange: Exchange): Response {
  exchange.reason = 'audit';
  return replyError({
    status: 503,
    code: INTERNAL_ERROR,
    message: 'Service unavailable',
    id: exchange.message?.id,
    headers: { 'retry-after': '10' },
  });
}
