/** What to do when the provider cannot be asked, by what the network said. Pure. */

const HINTS: readonly (readonly [seen: RegExp, hint: string])[] = [
  [
    /CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)/,
    'Its certificate is not trusted here; name its authority: --thv-ca-bundle.',
  ],
  [/ENOTFOUND|EAI_AGAIN/, 'There is no such host, or no network; check the URL.'],
  [/ECONNREFUSED/, 'Nothing listens there; is the provider running?'],
  [/TIMEDOUT|TIMEOUT|timed out/i, 'No answer in time; a firewall may be in between.'],
  [/issuer mismatch/, 'The provider calls itself otherwise; copy `issuer` from its metadata.'],
  [/no metadata found/, 'There is no metadata; check the issuer URL, or give --oidc-jwks-url.'],
];

/** A hint that fits what happened better than the general one. */
export function providerHint(detail: string): string | undefined {
  return HINTS.find(([seen]) => seen.test(detail))?.[1];
}
