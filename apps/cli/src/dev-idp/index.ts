/** `@thv/cli/dev-idp`: the development provider as a function, for tests and demonstrations. */
export type { TokenRequest } from './issue-token.ts';
export type { SigningAlgorithm } from './keys.ts';
export { DEV_CLIENT, DEV_PUBLIC_CLIENT_ID } from './provider.ts';
export type { DevIdp, DevIdpOptions } from './start-dev-idp.ts';
export { startDevIdp } from './start-dev-idp.ts';
