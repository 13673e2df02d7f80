/** GitHub tokens: `POST /applications/{client_id}/token` with the app's credentials. */
import type { ResolvedIntrospection } from '../introspection-options.ts';
import {
  assertStatus,
  type IntrospectionAdapter,
  readAnswer,
  unusable,
} from '../introspection-request.ts';
import { isJsonObject } from '../strict-json.ts';

const ISSUER = 'https://github.com';

/** The adapter for GitHub's "check a token". GitHub knows only tokens of the app itself. */
export function createGithubAdapter(options: ResolvedIntrospection): IntrospectionAdapter {
  return {
    build(token, secret) {
      return {
        url: options.url,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/vnd.github+json',
          authorization: `Basic ${btoa(`${options.clientId ?? ''}:${secret ?? ''}`)}`,
        },
        body: JSON.stringify({ access_token: token }),
      };
    },
    read(response) {
      // 404: not a token of this app; 422: not a token at all.
      if (response.status === 404 || response.status === 422) return null;
      assertStatus(response);
      return toClaims(readAnswer(response));
    },
  };
}

function toClaims(answer: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { user, app, scopes, expires_at: expires, created_at: created } = answer;
  const clientId = isJsonObject(app) ? app['client_id'] : undefined;
  const person = isJsonObject(user) ? user : {};
  if (typeof clientId !== 'string') throw unusable('no app in the answer');
  const claims: Record<string, unknown> = {
    iss: ISSUER,
    aud: [clientId, ISSUER],
    client_id: clientId,
    scope: Array.isArray(scopes) ? scopes.join(' ') : '',
    login: person['login'],
    preferred_username: person['login'],
    email: person['email'],
    name: person['name'],
    user_type: person['type'],
    site_admin: person['site_admin'],
    iat: toSeconds(created),
    exp: toSeconds(expires),
  };
  // Numeric ids never change hands, unlike logins.
  if (Number.isSafeInteger(person['id'])) claims['sub'] = String(person['id']);
  return Object.fromEntries(
    Object.entries(claims).filter(([, value]) => value !== undefined && value !== null),
  );
}

function toSeconds(time: unknown): number | undefined {
  if (time === null || time === undefined) return undefined;
  const milliseconds = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw unusable('a time cannot be read');
  return Math.floor(milliseconds / 1000);
}
