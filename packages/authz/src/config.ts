/** The authorization file: envelope, and the options of the engine it names. */
import {
  type ConfigReader,
  type ConfigSource,
  createConfigReader,
  describeType,
} from './config-reader.ts';
import { type HttpOptions, PDP_KEYS, parseHttpOptions } from './http-config.ts';
import type { PolicyText } from './policy-text.ts';

const STAMP: unique symbol = Symbol.for('@thv/authz.config') as never;

const ENGINE_KEYS = { cedarv1: 'cedar', httpv1: 'pdp' } as const;
const CEDAR_KEYS = [
  'policies',
  'policy_files',
  'entities_json',
  'entities',
  'primary_upstream_provider',
  'group_claim_name',
  'role_claim_name',
  'group_entity_type',
  'multi_valued_claims',
  'numbers',
  'evaluation_errors',
] as const;

/** How JSON numbers become Cedar values (D22). */
export type NumberMode = 'cedar' | 'toolhive';

/** What an evaluation error does (D23). */
export type ErrorMode = 'isolate' | 'deny';

/** The options under `cedar`, checked. */
export interface CedarOptions {
  /** Policy texts: those written in the file, then those of `policyFiles`. */
  readonly policies: readonly PolicyText[];
  /** Names under `policy_files` whose contents are not among `policies` yet. */
  readonly policyFiles: readonly string[];
  /** The static entities as written, unchecked. */
  readonly entities: readonly unknown[];
  readonly groupClaimName: string | undefined;
  readonly roleClaimName: string | undefined;
  readonly groupEntityType: string;
  readonly multiValuedClaims: readonly string[];
  readonly numbers: NumberMode;
  readonly evaluationErrors: ErrorMode;
}

/** A configuration that passed {@link parseAuthzConfig}. */
export type AuthzConfig =
  | {
      readonly version: string;
      readonly type: 'cedarv1';
      readonly source: ConfigSource;
      readonly cedar: CedarOptions;
    }
  | {
      readonly version: string;
      readonly type: 'httpv1';
      readonly source: ConfigSource;
      readonly pdp: HttpOptions;
    };

/**
 * Checks the contents of an authorization file.
 *
 * Unknown keys are refused with a suggestion. Policies and entities are checked later, when an
 * authorizer is made from the configuration. A configuration that was parsed before is returned
 * as it is.
 *
 * @throws {AuthzError} `ERR_AUTHZ_CONFIG` naming the key, and the place when `source` knows it.
 */
export function parseAuthzConfig(value: unknown, source: ConfigSource = {}): AuthzConfig {
  if (isParsedConfig(value)) {
    return value;
  }
  const keys = ['version', 'type', ...Object.values(ENGINE_KEYS)];
  const reader = createConfigReader(value, { keys, path: [], source });
  if (typeof reader.value('version') === 'number') {
    reader.fail('version', '"version" must be a string: write version: "1.0" with quotes');
  }
  const version = reader.requiredText('version');
  reader.requiredText('type');
  const type = reader.choice('type', ['cedarv1', 'httpv1'] as const) ?? 'cedarv1';
  for (const [other, key] of Object.entries(ENGINE_KEYS)) {
    if (other !== type && reader.value(key) !== undefined) {
      reader.fail(key, `"${key}" belongs to type "${other}", but the type is "${type}"`);
    }
  }
  if (type === 'httpv1') {
    const pdp = reader.object('pdp', PDP_KEYS) ?? reader.fail(undefined, '"pdp" is required');
    return stampConfig({ version, type, source, pdp: parseHttpOptions(pdp) });
  }
  const cedar = reader.object('cedar', CEDAR_KEYS) ?? reader.fail(undefined, '"cedar" is required');
  return stampConfig({ version, type, source, cedar: parseCedarOptions(cedar, source) });
}

/** The same configuration with the contents of its policy files. */
export function withPolicyTexts(config: AuthzConfig, texts: readonly PolicyText[]): AuthzConfig {
  if (config.type !== 'cedarv1') {
    return config;
  }
  const policies = [...config.cedar.policies, ...texts];
  return stampConfig({ ...config, cedar: { ...config.cedar, policies, policyFiles: [] } });
}

function parseCedarOptions(reader: ConfigReader, source: ConfigSource): CedarOptions {
  const policyFiles = reader.texts('policy_files');
  const texts = reader.texts('policies');
  if (texts.length === 0 && policyFiles.length === 0) {
    reader.fail('policies', '"cedar.policies" needs at least one policy');
  }
  if (reader.text('primary_upstream_provider') !== undefined) {
    reader.fail(
      'primary_upstream_provider',
      '"cedar.primary_upstream_provider" is not supported: policies always see the claims of the request token',
    );
  }
  const policies = texts.map((text, index): PolicyText => {
    const path = [...reader.path, 'policies', index];
    return { text, file: source.file, locate: (offset) => source.locate?.(path, offset) };
  });
  return {
    policies,
    policyFiles,
    entities: parseEntityList(reader),
    groupClaimName: reader.text('group_claim_name'),
    roleClaimName: reader.text('role_claim_name'),
    groupEntityType: reader.text('group_entity_type') ?? 'THVGroup',
    multiValuedClaims: reader.texts('multi_valued_claims'),
    numbers: reader.choice('numbers', ['cedar', 'toolhive']) ?? 'cedar',
    evaluationErrors: reader.choice('evaluation_errors', ['isolate', 'deny']) ?? 'isolate',
  };
}

function parseEntityList(reader: ConfigReader): readonly unknown[] {
  const written = reader.value('entities');
  const encoded = reader.value('entities_json');
  if (written !== undefined && encoded !== undefined) {
    reader.fail('entities_json', 'give "cedar.entities" or "cedar.entities_json", not both');
  }
  const key = written === undefined ? 'entities_json' : 'entities';
  let list = written ?? encoded;
  if (key === 'entities_json' && typeof list === 'string') {
    try {
      list = list === '' ? [] : JSON.parse(list);
    } catch (error) {
      // JSON.parse throws nothing but SyntaxError.
      reader.fail(key, `"cedar.entities_json" is not JSON: ${(error as SyntaxError).message}`);
    }
  }
  if (list === undefined) {
    return [];
  }
  if (!Array.isArray(list)) {
    return reader.fail(key, `"cedar.${key}" must be a list of entities, not ${describeType(list)}`);
  }
  return list;
}

function stampConfig(config: AuthzConfig): AuthzConfig {
  return Object.freeze(Object.defineProperty(config, STAMP, { value: true }));
}

function isParsedConfig(value: unknown): value is AuthzConfig {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, STAMP);
}
