/** What a check of policies reports. */

/** How bad a finding is: an error stops the start, a warning fails a strict check, a note is advice. */
export type Severity = 'error' | 'warning' | 'note';

/** One thing that is wrong, or better done otherwise. */
export interface Finding {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  /** What to do about it. */
  readonly fix: string | undefined;
  readonly file: string | undefined;
  readonly policy: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** The line of the file, shortened when it is long. */
  readonly excerpt: string | undefined;
  /** The column in the excerpt. */
  readonly excerptColumn: number | undefined;
}

/** The result of a check; `ok` when there are no errors and, if the check is strict, no warnings. */
export interface CheckReport {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}
