export { type Authorizer, type AuthorizerOptions, createAuthorizer } from './authorizer.ts';
export { type Cedar, type CedarModule, createCedar } from './cedar.ts';
export { type CheckOptions, checkPolicies, toFinding } from './check-policies.ts';
export {
  type AuthzConfig,
  type CedarOptions,
  type ErrorMode,
  type NumberMode,
  parseAuthzConfig,
  withPolicyTexts,
} from './config.ts';
export type { ConfigPath, ConfigSource } from './config-reader.ts';
export { AuthzError, type AuthzErrorCode, type ErrorLocation, isAuthzError } from './errors.ts';
export type { ExplainedPolicy, Explanation } from './explanation.ts';
export type { CheckReport, Finding, Severity } from './finding.ts';
export type { ClaimMapping, HttpOptions } from './http-config.ts';
export type { FetchLike } from './http-engine.ts';
export type { NearMiss } from './near-misses.ts';
export { type PolicyTest, type PolicyTestFile, parsePolicyTests } from './policy-test-file.ts';
export { formatPolicyTests, type PolicyTestFormat } from './policy-test-report.ts';
export {
  type PolicyCoverage,
  type PolicyTestCase,
  type PolicyTestOptions,
  type PolicyTestReport,
  runPolicyTests,
} from './policy-tests.ts';
export type { PolicyText } from './policy-text.ts';
export type {
  AuthorizeRequest,
  AuthzAction,
  AuthzIdentity,
  Decision,
  FilteredList,
  ListKind,
  ListRequest,
  PolicyError,
  ToolHints,
} from './request.ts';
export {
  buildCedarSchema,
  formatCedarSchema,
  type SchemaOptions,
  type SchemaType,
} from './schema.ts';
export { positionAt, type SourcePosition } from './text-position.ts';
