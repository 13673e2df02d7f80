/** `@thv/cli/dev-idp`: the development provider as a function, for tests and demonstrations. */
export { startDevIdp } from './start-dev-idp.ts';
export type { DevIdp, DevIdpOptions, SigningAlgorithm, TokenRequest } from './types.ts';
export { DEV_CLIENT, DEV_PUBLIC_CLIENT_ID, SIGNING_ALGORITHMS } from './types.ts';
