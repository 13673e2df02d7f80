/**
 * What only Node can do for token validation: connections that are judged by their address,
 * additional authorities, secrets in rotating files, the cluster a pod runs in, and requests of
 * Node's own server.
 *
 * @module
 */
export {
  createGuardedFetch,
  type GuardedFetch,
  type GuardedFetchOptions,
} from './node/guarded-fetch.ts';
export { createKubernetesIssuer, type KubernetesIssuerOptions } from './node/kubernetes-issuer.ts';
export { nativeSha256 } from './node/native-sha256.ts';
export { createSecretFile } from './node/secret-file.ts';
export { type NodeRequest, toWebRequest } from './node/web-request.ts';
