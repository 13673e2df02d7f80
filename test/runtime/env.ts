/** Where the runtimes differ: one table, and nothing about it anywhere else. */

export const RUNTIMES = ['node', 'bun', 'deno', 'workerd', 'workerd-nodejs'] as const;
/** `workerd` knows nothing of Node; `workerd-nodejs` is the same with `nodejs_compat`. */
export type Runtime = (typeof RUNTIMES)[number];

export interface Support {
  /** The runtime tells a server that its client has gone away. */
  readonly disconnects: boolean;
  /** An error of `fetch` says when no connection came about, so that sending again is safe. */
  readonly refusals: boolean;
}

export function supported(runtime: Runtime): Support {
  switch (runtime) {
    case 'node':
    case 'bun':
    case 'deno':
      return { disconnects: true, refusals: true };
    case 'workerd':
    case 'workerd-nodejs':
      // A Worker that calls itself is not told, with the flag `enable_request_signal` neither.
      return { disconnects: false, refusals: false };
    default:
      return runtime satisfies never;
  }
}
