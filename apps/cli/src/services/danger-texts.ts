/** Says what is dangerous about a plan in the words of the command line. Pure. */
import { type DangerCode, listDangers, type OidcSignInConfig } from '@thv/compose';

const FLAGS: Readonly<Record<DangerCode, string>> = {
  'any-audience': '--allow-insecure-any-audience',
  'any-issuer': 'no --oidc-issuer',
  'insecure-http': '--oidc-insecure-allow-http',
  'private-addresses': '--jwks-allow-private-ip',
  'any-service-account': 'no --oidc-service-accounts',
};

/** One line per dangerous choice. */
export function describeDangers(config: OidcSignInConfig): readonly string[] {
  return listDangers(config).map(({ code, consequence }) => `${FLAGS[code]}: ${consequence}`);
}
