/** What is kept and told of requests: what the `thv` command and the gateway say about it. */

import type { AuditArguments } from '@thv/proxy';

/** The audit log (D38). */
export interface AuditConfig {
  readonly sink: { readonly kind: 'stdout' } | { readonly kind: 'file'; readonly path: string };
  /** Refuse requests while no record can be kept. Default false. */
  readonly required?: boolean;
  /** What is kept of arguments. Default `names`. */
  readonly arguments?: AuditArguments;
}
