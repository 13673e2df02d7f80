/** Says what happened to a request, why, and what to do. Pure. */
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { accountForNetwork } from '../network-account.ts';
import { memberOf, parseJson } from './json-value.ts';
import type { Connection } from './mcp-flags.ts';

/** An answer that is not 2xx. */
export interface Refusal {
  readonly status: number;
  /** The value of `WWW-Authenticate`. */
  readonly challenge: string;
  readonly retryAfter: string | undefined;
  /** The beginning of the body. */
  readonly body: string;
}

/** What was asked. */
export interface RefusedRequest {
  readonly what: string;
  /** The flags with which `thv policy explain` asks the same. */
  readonly explain?: string | undefined;
}

export interface RefusalContext {
  readonly request: RefusedRequest;
  readonly refusal: Refusal | undefined;
  readonly connection: Connection;
}

interface Account {
  readonly why: string;
  readonly wayOut?: string | undefined;
}

/** The error for whatever the client library threw. */
export function toRefusal(error: unknown, context: RefusalContext): CliError {
  if (error instanceof CliError) {
    return error;
  }
  const { request, refusal, connection } = context;
  const { why, wayOut } =
    refusal === undefined
      ? accountFor(error, connection)
      : accountForStatus(refusal, request, connection);
  return new CliError({
    exitCode: EXIT.failed,
    what: request.what,
    why: withoutSecrets(why, connection.secrets),
    ...(wayOut !== undefined && { wayOut: withoutSecrets(wayOut, connection.secrets) }),
    cause: error,
  });
}

/** A text without the secrets that were sent; a short value is not worth a hole in every word. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= 8)
    .reduce((rest, secret) => rest.replaceAll(secret, '[token]'), text);
}

function accountForStatus(
  refusal: Refusal,
  { explain }: RefusedRequest,
  { hasToken }: Connection,
): Account {
  const { status, retryAfter } = refusal;
  const challenge = readChallenge(refusal.challenge);
  const said = challenge.get('error_description') ?? saidIn(refusal.body);
  const because = said === undefined ? '' : `: ${said}`;
  switch (status) {
    case 401: {
      const metadata = challenge.get('resource_metadata');
      const signIn = metadata === undefined ? '' : `; ${metadata} says where callers sign in`;
      return hasToken
        ? {
            why: `401, the token is refused${because}${signIn}`,
            wayOut: 'thv token inspect shows which check fails',
          }
        : { why: `401, a token is needed${because}${signIn}`, wayOut: 'add --token-file FILE' };
    }
    case 403: {
      const scope = challenge.get('scope');
      if (challenge.get('error') === 'insufficient_scope') {
        return {
          why: `403, the token lacks a scope${because}`,
          wayOut: scope === undefined ? undefined : `get a token with the scopes ${scope}`,
        };
      }
      const decision = decisionIn(refusal.body);
      return decision === undefined
        ? { why: `403, the server forbids it${because}` }
        : {
            why: `403, no policy permits it, or one forbids it (decision ${decision})`,
            wayOut: `the log of thv has the decision; thv policy explain FILE --token-file TOKEN ${explain ?? '--tool NAME'} says why`,
          };
    }
    case 404:
      return {
        why: `404, there is no MCP endpoint${because}`,
        wayOut: 'check the path of the URL',
      };
    case 503: {
      const wait = retryAfter === undefined ? 'in a while' : `in ${retryAfter} seconds`;
      return {
        why: `503, the server cannot check tokens now, so this says nothing about yours${because}`,
        wayOut: `try again ${wait}; if it stays, the server cannot reach its identity provider`,
      };
    }
    default:
      return { why: `the server answers ${status}${because}` };
  }
}

/** The parameters of a challenge (RFC 9110 §11.6.1), by name. */
export function readChallenge(value: string): ReadonlyMap<string, string> {
  const parameters = value.matchAll(/([\w-]+)\s*=\s*"((?:[^"\\]|\\.)*)"/g);
  return new Map(
    [...parameters].map(([, name = '', text = '']) => [
      name.toLowerCase(),
      text.replace(/\\(.)/g, '$1'),
    ]),
  );
}

/** The human part of an OAuth or JSON-RPC error body. */
function saidIn(body: string): string | undefined {
  const value = parseJson(body);
  const error = memberOf(value, 'error');
  const said = memberOf(value, 'error_description') ?? memberOf(error, 'message') ?? error;
  return typeof said === 'string' && said !== '' ? said : undefined;
}

/** D31: the id under which thv's log has the decision. */
function decisionIn(body: string): string | undefined {
  const decision = memberOf(memberOf(memberOf(parseJson(body), 'error'), 'data'), 'decision');
  return typeof decision === 'string' ? decision : undefined;
}

const LATE: Account = {
  why: 'no answer in time',
  wayOut: 'thv mcp call waits longer with --timeout',
};

/** What happened when no HTTP status tells. */
function accountFor(error: unknown, { url }: Connection): Account {
  const messages: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at ? at.code : undefined;
    if (code === 'INVALID_RESULT') {
      return accountForResult(at.message);
    }
    const known = code === 'REQUEST_TIMEOUT' ? LATE : accountForNetwork(at);
    if (known !== undefined) {
      return { why: `${url}: ${known.why}`, wayOut: known.wayOut };
    }
    if (typeof code === 'number') {
      return { why: `the server answers with error ${code}: ${at.message}` };
    }
    if (at.message === 'bad port') {
      return { why: `${url}: HTTP clients never call this port`, wayOut: 'choose another' };
    }
    messages.push(at.message);
  }
  return { why: messages.at(-1) ?? String(error) };
}

/** The client library's own words are a list of findings in JSON, over many lines. */
function accountForResult(message: string): Account {
  const [, asked = 'a request', detail = message] =
    /^Invalid result for (\S+): (.*)$/s.exec(message) ?? [];
  const findings = parseJson(detail);
  const [first]: unknown[] = Array.isArray(findings) ? findings : [];
  const [path, said] = [memberOf(first, 'path'), memberOf(first, 'message')];
  const what =
    Array.isArray(path) && typeof said === 'string' ? `${path.join('.')}: ${said}` : detail;
  return {
    why: `the server's answer to ${asked} does not follow the protocol: ${what}`,
    wayOut: 'tell its author',
  };
}
