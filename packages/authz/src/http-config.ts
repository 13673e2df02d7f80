/** The options of `type: httpv1`: decisions come from an HTTP policy decision point. */
import type { ConfigReader } from './config-reader.ts';

export const PDP_KEYS = ['http', 'context', 'claim_mapping'] as const;
const HTTP_KEYS = ['url', 'timeout', 'insecure_skip_verify', 'bearer_token_file'] as const;
const CONTEXT_KEYS = ['include_args', 'include_operation'] as const;
const DEFAULT_TIMEOUT_SECONDS = 30;

/** Which claims the decision point gets, and under which names. */
export type ClaimMapping = 'mpe' | 'standard';

/** The options under `pdp`, checked. */
export interface HttpOptions {
  /** The decision point's base URL; `/decision` is appended to its path. */
  readonly url: string;
  readonly timeoutMs: number;
  /** A file with a bearer token for the decision point, read by the Node entry. */
  readonly bearerTokenFile: string | undefined;
  readonly includeArgs: boolean;
  readonly includeOperation: boolean;
  readonly claimMapping: ClaimMapping;
}

/** Reads the options under `pdp`. */
export function parseHttpOptions(reader: ConfigReader): HttpOptions {
  const http = reader.object('http', HTTP_KEYS) ?? reader.fail(undefined, '"pdp.http" is required');
  const url = http.requiredText('url');
  if (!isHttpUrl(url)) {
    http.fail('url', '"pdp.http.url" must be an http or https URL without credentials');
  }
  if (http.flag('insecure_skip_verify')) {
    http.fail(
      'insecure_skip_verify',
      '"pdp.http.insecure_skip_verify" is not supported: add the certificate to the trusted ones',
    );
  }
  const seconds = http.integer('timeout') ?? 0;
  const context = reader.object('context', CONTEXT_KEYS);
  reader.requiredText('claim_mapping');
  return {
    url,
    timeoutMs: (seconds <= 0 ? DEFAULT_TIMEOUT_SECONDS : seconds) * 1000,
    bearerTokenFile: http.text('bearer_token_file'),
    includeArgs: context?.flag('include_args') ?? false,
    includeOperation: context?.flag('include_operation') ?? false,
    claimMapping: reader.choice('claim_mapping', ['mpe', 'standard'] as const) ?? 'standard',
  };
}

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) {
    return false;
  }
  const { protocol, username, password } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
}
