/** Who owns which MCP session (D21). */

/** Identity of an owner: issuer and subject together, never the subject alone (D19). */
export interface SessionOwner {
  readonly issuer: string;
  readonly subject: string;
}

/** Remembers owners; one implementation is in memory, others may be shared between replicas. */
export interface SessionStore {
  /**
   * True when no other process uses the store, so that nothing happens in its sessions that this one
   * has not seen. Where that is not said, it is not believed.
   */
  readonly isOfOneProcess?: boolean;
  /** The owner, unless the session is unknown or has expired. Use counts as a sign of life. */
  ownerOf(sessionId: string): Promise<SessionOwner | undefined>;
  /** Gives the session to the owner. Whoever has it already keeps it, also when two ask at once. */
  remember(sessionId: string, owner: SessionOwner): Promise<void>;
  forget(sessionId: string): Promise<void>;
  /** How many sessions are held, for metrics; absent where that cannot be known. */
  count?(): number;
}

export function isSameOwner(a: SessionOwner, b: SessionOwner): boolean {
  return a.issuer === b.issuer && a.subject === b.subject;
}

/** One text for each owner: JSON keeps issuer and subject apart whatever characters they hold. */
export function ownerKey({ issuer, subject }: SessionOwner): string {
  return JSON.stringify([issuer, subject]);
}
