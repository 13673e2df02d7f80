/** What an outcome means to whoever counts. */

import { isProxyError } from '../errors.ts';
import type { UpstreamObservation } from '../observer.ts';
import type { ExchangeReport } from '../report.ts';

type UpstreamOutcome = Parameters<UpstreamObservation['ended']>[0];

/** The class of what went wrong with the MCP server; undefined when nothing did. */
export function errorTypeOf(outcome: UpstreamOutcome): string | undefined {
  if ('status' in outcome) return outcome.status < 400 ? undefined : String(outcome.status);
  const { error } = outcome;
  if (isProxyError(error)) return error.code;
  return error instanceof Error && error.name === 'AbortError' ? 'client-gone' : '_OTHER';
}

/** What became of the caller's credentials; undefined where they were not looked at. */
export function signInOf(
  report: ExchangeReport,
): 'accepted' | 'refused' | 'unavailable' | undefined {
  if (report.issuer !== undefined) return 'accepted';
  if (report.outcome === 'unauthorized') return 'refused';
  // Codes of errors are those of the authenticator, as long as nobody is known.
  if (report.reason?.startsWith('ERR_') !== true) return undefined;
  return report.status >= 500 ? 'unavailable' : 'refused';
}
