/** What the exit codes of `thv` mean; scripts rely on them. */
export const EXIT = {
  /** Done. */
  done: 0,
  /** The operation failed. */
  failed: 1,
  /** Bad usage or configuration: nothing was started. */
  usage: 2,
  /** A check ran and found problems. */
  findings: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
