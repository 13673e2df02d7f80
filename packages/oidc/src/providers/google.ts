/** Google access tokens: the tokeninfo endpoint, which takes the token in the query. */

import type { ResolvedIntrospection } from '../introspection-options.ts';
import { assertStatus, type IntrospectionAdapter, readAnswer } from '../introspection-request.ts';

/** The adapter for `https://oauth2.googleapis.com/tokeninfo`. */
export function createGoogleAdapter(options: ResolvedIntrospection): IntrospectionAdapter {
  return {
    build(token) {
      const url = new URL(options.url);
      url.searchParams.set('access_token', token);
      return { url, method: 'GET' };
    },
    read(response) {
      if (response.status === 400) return null;
      assertStatus(response);
      // Google does not state the issuer; `aud` is what ties the token to a client.
      return { iss: 'https://accounts.google.com', ...readAnswer(response) };
    },
  };
}
