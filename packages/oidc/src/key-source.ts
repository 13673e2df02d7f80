/** Where verification keys come from; users can bring their own. */
import type { KeySet } from './key-set.ts';

/** State of a key source, for health checks and metrics; no secrets. */
export interface KeySourceStatus {
  /** Number of keys in use; 0 when none are known. */
  readonly keys: number;
  /** Seconds since the keys were fetched; `undefined` when none are known. */
  readonly age: number | undefined;
  /** True when the last refresh failed and old keys are still in use. */
  readonly stale: boolean;
  /** Code of the last failure, until the next success. */
  readonly lastError: string | undefined;
  /** Fetches that succeeded and that failed since the start. */
  readonly fetched: number;
  readonly failed: number;
}

/** A source of verification keys. */
export interface KeySource {
  /** Keys that may be used now. @throws {OidcError} when none can be had. */
  current(): Promise<KeySet>;
  /**
   * Keys newer than `seen`, which had no fitting key; `undefined` when `seen` is the newest there
   * is and asking again is not due. @throws {OidcError} when the provider cannot be asked.
   */
  newerThan(seen: KeySet): Promise<KeySet | undefined>;
  /** True while the known keys need no refresh. */
  isFresh(): boolean;
  status(): KeySourceStatus;
  close(): void;
}
