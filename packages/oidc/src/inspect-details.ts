/** What an operator is told about each check of a token: what it says, what was expected. */
import { type ClaimInput, readClaim } from './claims.ts';

/** A sentence about a claim check and, when it failed, what to do about it. */
export interface Explanation {
  readonly detail: string;
  readonly hint: string | null;
}

/** Shows a value of the token on a terminal: short, and without control characters. */
export function show(value: unknown): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value))
    return value.length === 0 ? 'an empty list' : value.map(show).join(', ');
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  const safe = text.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll('`', "'");
  return `\`${safe.length > 200 ? `${safe.slice(0, 200)}…` : safe}\``;
}

/** Explains one claim check by its name; `reason` is that of its failure, if it failed. */
export function explainClaim(
  name: string,
  input: ClaimInput,
  failure: { readonly claim: string; readonly reason: string } | undefined,
): Explanation {
  const { claims, rules, now } = input;
  const read = (claim: string) => readClaim(claims, claim);
  const ok = failure === undefined;
  switch (name) {
    case 'issuer':
      return explainIssuer(read('iss'), rules.issuers, ok);
    case 'audience':
      return explainAudience(input, ok);
    case 'expiry': {
      const detail = describeTime('expires', read('exp'), now);
      return { detail, hint: ok ? null : 'Get a new token, or raise the leeway for slow clocks.' };
    }
    case 'not_before':
    case 'issued_at': {
      const claim = name === 'not_before' ? 'nbf' : 'iat';
      const detail = describeTime(claim === 'nbf' ? 'valid from' : 'issued', read(claim), now);
      return { detail, hint: ok ? null : 'The clocks differ: correct them, or raise the leeway.' };
    }
    case 'subject': {
      const detail = `principal claim \`${rules.principalClaim}\` is ${show(read(rules.principalClaim))}`;
      const hint =
        'Name a claim that the token has: --oidc-principal-claim, for example client_id.';
      return { detail, hint: ok ? null : hint };
    }
    default: {
      const detail = ok ? 'as configured' : `claim \`${failure.claim}\`: ${failure.reason}`;
      return { detail, hint: ok ? null : HINTS[name as keyof typeof HINTS] };
    }
  }
}

const HINTS = {
  lifetime: '`exp` must be in seconds and within the configured lifetime.',
  binding: 'The token needs a proof of possession; ask the provider for a plain bearer token.',
  token_use: 'Send the access token, not the ID token.',
  client: 'Add the client to the allowed clients if it may call this server.',
  service_account: 'Add the service account, or call from one that is allowed.',
} as const;

function explainIssuer(
  issuer: unknown,
  accepted: readonly string[] | undefined,
  ok: boolean,
): Explanation {
  const wanted =
    accepted === undefined ? 'any issuer is accepted' : `you configured ${show(accepted)}`;
  const detail = `issuer is ${show(issuer)}, ${wanted}`;
  if (ok || typeof issuer !== 'string')
    return { detail, hint: ok ? null : 'Tokens must have `iss`.' };
  const bare = (text: string) => text.replace(/\/+$/, '').toLowerCase();
  if (accepted?.some((item) => bare(item) === bare(issuer))) {
    return {
      detail,
      hint: 'Only a trailing slash or upper case differs; copy the issuer exactly.',
    };
  }
  if (issuer.startsWith('https://sts.windows.net/')) {
    const hint =
      'This is an Entra ID v1 token: configure this issuer, or set the API to token version 2.';
    return { detail, hint };
  }
  if (issuer === 'accounts.google.com') {
    return { detail, hint: 'Google writes its issuer in two ways; accept this one as an alias.' };
  }
  return { detail, hint: 'Configure this issuer if you trust it: --oidc-issuer.' };
}

function explainAudience({ claims, rules }: ClaimInput, ok: boolean): Explanation {
  const { audiences, audienceClaim } = rules;
  const value = readClaim(claims, audienceClaim);
  const subject = audienceClaim === 'aud' ? 'audience' : `audience claim \`${audienceClaim}\``;
  if (audiences === undefined)
    return { detail: `${subject} is ${show(value)}, any passes`, hint: null };
  const detail = `${subject} is ${show(value)}, you configured ${show(audiences)}`;
  if (ok) return { detail, hint: null };
  if (value === undefined && readClaim(claims, 'token_use') === 'access') {
    return {
      detail,
      hint: 'Amazon Cognito puts the client in `client_id`: use that claim instead.',
    };
  }
  if (value === undefined) {
    return {
      detail,
      hint: 'Have the client ask for a token for this server (`resource`/`audience`).',
    };
  }
  return {
    detail,
    hint: 'If the token is meant for this server, add its audience: --oidc-audience.',
  };
}

function describeTime(verb: string, time: unknown, now: number): string {
  if (typeof time !== 'number') return `${verb}: ${show(time)}`;
  const difference = Math.round(Math.abs(time - now));
  const when = time > now ? `in ${difference} s` : `${difference} s ago`;
  const date = new Date(time * 1000);
  const stamp = Number.isNaN(date.getTime()) ? show(time) : date.toISOString();
  return `${verb} ${when} (${stamp})`;
}
