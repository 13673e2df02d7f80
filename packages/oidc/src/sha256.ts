/** The key under which a token is remembered: never the token itself (D16, D17). */
import { encodeBase64Url } from './base64url.ts';

const encoder = new TextEncoder();

/** SHA-256 of a text, as base64url. */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', encoder.encode(text));
  return encodeBase64Url(new Uint8Array(digest));
}
