/**
 * The Node entry: loads Cedar's WebAssembly and authorization files from disk. Works on Bun and
 * Deno too.
 *
 * @module
 */

export { type CheckPolicyFileOptions, checkPolicyFile } from './node/check-policy-file.ts';
export { type LoadAuthorizerOptions, loadAuthorizer } from './node/load-authorizer.ts';
export { loadCedar } from './node/load-cedar.ts';
export { loadAuthzConfig } from './node/load-config.ts';
export { runPolicyTestFile } from './node/run-policy-test-file.ts';
export { createTokenReader } from './node/token-reader.ts';
