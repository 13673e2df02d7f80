/** What the network says when nothing answers, and what to do about it. Pure. */

export interface NetworkAccount {
  readonly why: string;
  readonly wayOut: string;
}

const ACCOUNTS: Readonly<Record<string, NetworkAccount>> = {
  ECONNREFUSED: { why: 'nothing listens there', wayOut: 'is the server running?' },
  ENOTFOUND: { why: 'there is no such host', wayOut: 'check the URL' },
  EAI_AGAIN: { why: 'the host name cannot be looked up now', wayOut: 'try again in a while' },
  ECONNRESET: { why: 'the server closed the connection', wayOut: 'see its log' },
};

/** By the first of its causes that has a known code; undefined when none has. */
export function accountForNetwork(error: unknown): NetworkAccount | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at ? at.code : undefined;
    if (typeof code === 'string' && Object.hasOwn(ACCOUNTS, code)) {
      return ACCOUNTS[code];
    }
  }
  return undefined;
}
