/** Asks an RFC 7662 endpoint about a token and reads the answer. */
import { OidcError } from './errors.ts';
import type { ResolvedIntrospection } from './introspection-options.ts';
import type { ProviderRequest, ProviderResponse } from './provider-fetch.ts';
import { readProviderJson } from './provider-fetch.ts';
import { isJsonObject } from './strict-json.ts';

/** How one kind of endpoint is asked and understood. */
export interface IntrospectionAdapter {
  build(
    token: string,
    secret: string | undefined,
  ): Pick<ProviderRequest, 'url' | 'method' | 'headers' | 'body'>;
  /** The claims of an active token, `null` for any other. @throws {OidcError} when it cannot say. */
  read(response: ProviderResponse): Readonly<Record<string, unknown>> | null;
}

const CODE = 'ERR_OIDC_INTROSPECTION';

/** The standard adapter. */
export function createRfc7662Adapter(options: ResolvedIntrospection): IntrospectionAdapter {
  const { url, auth, clientId } = options;
  return {
    build(token, secret) {
      const form = new URLSearchParams({ token, token_type_hint: 'access_token' });
      const headers: Record<string, string> = {
        'content-type': 'application/x-www-form-urlencoded',
      };
      if (auth === 'basic') headers['authorization'] = basicCredentials(clientId, secret);
      else if (clientId !== undefined) form.set('client_id', clientId);
      if (auth === 'post') form.set('client_secret', secret ?? '');
      return { url, method: 'POST', headers, body: form.toString() };
    },
    read(response) {
      assertStatus(response);
      const answer = readAnswer(response);
      if (typeof answer['active'] !== 'boolean') throw unusable('"active" is not a boolean');
      return answer['active'] ? answer : null;
    },
  };
}

/** RFC 6749 §2.3.1: both parts are form-encoded before they are joined. */
export function basicCredentials(id: string | undefined, secret: string | undefined): string {
  const encode = (text: string | undefined) =>
    new URLSearchParams({ v: text ?? '' }).toString().slice(2);
  return `Basic ${btoa(`${encode(id)}:${encode(secret)}`)}`;
}

/** Anything but 200 is the provider's or the configuration's fault, not the caller's. */
export function assertStatus(response: ProviderResponse): void {
  const { status, headers } = response;
  if (status === 200) return;
  const after = /^\d{1,5}$/.exec(headers.get('retry-after')?.trim() ?? '');
  throw new OidcError(CODE, 'Introspection failed: unexpected status', {
    reason: status === 401 ? 'client credentials refused' : 'unexpected status',
    providerStatus: status,
    ...(after === null ? {} : { retryAfter: Number(after[0]) }),
  });
}

/** The JSON object of an answer. */
export function readAnswer(response: ProviderResponse): Readonly<Record<string, unknown>> {
  const answer = readProviderJson(response, CODE);
  if (!isJsonObject(answer)) throw unusable('not an object');
  return answer;
}

/** An answer that cannot be understood. */
export function unusable(reason: string): OidcError {
  return new OidcError(CODE, `Introspection failed: ${reason}`, { reason });
}
