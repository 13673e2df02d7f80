/** Turns what happened to a request into a line for the operator. */

import type { ExchangeReport } from '@thv/proxy';
import type { LogEvent } from './config.ts';

/**
 * Denials and failures are news; everything else is for `--debug`. Neither who called nor what Cedar
 * says of an error is in it: both repeat claims (D4). `thv policy explain` says more.
 */
export function describeExchange(report: ExchangeReport): LogEvent {
  const { outcome, status, reason, method, target } = report;
  const what = [method ?? report.httpMethod, target].filter((part) => part !== undefined).join(' ');
  const detail = {
    status,
    reason,
    called_as: report.shownTarget,
    decision: report.decision,
    policies: report.policies,
    policy_errors:
      report.policyErrors.length === 0
        ? undefined
        : report.policyErrors.map(({ policy }) => policy),
    duration_ms: Math.round(report.duration),
  };
  switch (outcome) {
    case 'success':
      return { level: 'debug', message: what, detail };
    case 'denied':
      return { level: 'info', message: `denied ${what}`, detail };
    case 'unauthorized':
      return { level: 'info', message: `refused ${what}`, detail };
    case 'error':
      return { level: status < 500 ? 'info' : 'warn', message: `failed ${what}`, detail };
  }
}
