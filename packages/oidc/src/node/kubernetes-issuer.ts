/** The cluster a pod runs in, as an issuer of service-account tokens. */
import type { IssuerOptions, ServiceAccountPin } from '@thv/oidc';
import { createGuardedFetch } from './guarded-fetch.ts';
import { createSecretFile } from './secret-file.ts';

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Options of {@link createKubernetesIssuer}. */
export interface KubernetesIssuerOptions {
  /** Audiences for which the callers' tokens are projected. */
  readonly audiences: readonly string[];
  /** The cluster's issuer. Default: the issuer of the pod's own token. */
  readonly issuer?: string;
  /** Default: the API server's key set, which does not depend on the issuer URL being reachable. */
  readonly jwksUrl?: string;
  /** Default: the pod's own token; re-read when it is rotated. */
  readonly tokenFile?: string;
  /** Default: the cluster's CA; re-read when it changes. */
  readonly caBundleFile?: string;
  /** Accepted service accounts. Default: every one of the cluster. */
  readonly serviceAccounts?: readonly ServiceAccountPin[];
}

/**
 * Builds the issuer options for tokens of the own cluster. The API server is at a private address,
 * which is allowed for this issuer only.
 *
 * @throws {OidcError} `ERR_OIDC_SECRET` when the pod's token cannot be read
 * @throws {TypeError} when the CA bundle or the issuer cannot be had
 */
export async function createKubernetesIssuer(
  options: KubernetesIssuerOptions,
): Promise<IssuerOptions> {
  const { audiences, serviceAccounts } = options;
  const jwksAuthToken = createSecretFile(options.tokenFile ?? `${FOLDER}/token`);
  const caBundleFile = options.caBundleFile ?? `${FOLDER}/ca.crt`;
  const issuer = options.issuer ?? readIssuer(await jwksAuthToken());
  return {
    issuer,
    jwksUrl: options.jwksUrl ?? 'https://kubernetes.default.svc/openid/v1/jwks',
    audiences,
    jwksAuthToken,
    allowPrivateAddresses: true,
    fetch: createGuardedFetch({ caBundleFile, allowPrivateAddresses: true }),
    ...(serviceAccounts === undefined ? {} : { serviceAccounts }),
  };
}

/** The token is the pod's own, mounted by the cluster, so its claims need no verification here. */
function readIssuer(token: string): string {
  try {
    const [, payload = ''] = token.split('.');
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const issuer = typeof claims === 'object' && claims !== null && 'iss' in claims && claims.iss;
    if (typeof issuer === 'string') return issuer;
  } catch {
    // Reported below without quoting the token.
  }
  throw new TypeError('"issuer" is needed: the token file does not hold a JWT that names one');
}
