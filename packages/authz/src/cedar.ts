/** The part of cedar-wasm this package uses, and how an instance of it is made. */
import * as wasm from '@cedar-policy/cedar-wasm/web';
import { AuthzError } from './errors.ts';

/** The Cedar functions an authorizer needs; `@cedar-policy/cedar-wasm` in any build has them. */
export type Cedar = Pick<
  typeof wasm,
  | 'checkParseEntities'
  | 'checkParseSchema'
  | 'getCedarVersion'
  | 'isAuthorized'
  | 'policyToJson'
  | 'policyToText'
  | 'preparsePolicySet'
  | 'schemaToText'
  | 'statefulIsAuthorized'
  | 'validate'
>;

/** The compiled `cedar_wasm_bg.wasm` of `@cedar-policy/cedar-wasm/web`, or its bytes. */
export type CedarModule = WebAssembly.Module | BufferSource;

/**
 * Starts Cedar from its compiled WebAssembly module, on any runtime.
 *
 * Node, Bun and Deno read the module from disk (`loadCedar` of `@thv/authz/node` does so);
 * workerd gets it from `import module from '@cedar-policy/cedar-wasm/web/cedar_wasm_bg.wasm'` or a
 * bundler rule. There is one instance per process: later calls return it.
 *
 * @throws {AuthzError} `ERR_AUTHZ_ENGINE` when the module is not Cedar's.
 */
export function createCedar(module: CedarModule): Cedar {
  try {
    wasm.initSync({ module });
  } catch (cause) {
    throw new AuthzError('ERR_AUTHZ_ENGINE', 'Cedar could not be started from this module', {
      cause,
    });
  }
  return wasm;
}

const checked = new WeakSet<Cedar>();

/**
 * Makes sure once per instance that Cedar keeps marked records as data (D26), which the protection
 * of untrusted values in `values.ts` rests on.
 *
 * @throws {AuthzError} `ERR_AUTHZ_ENGINE` when it does not.
 */
export function assertUsableCedar(cedar: Cedar): void {
  if (checked.has(cedar)) {
    return;
  }
  const anything = { type: 'Probe', id: '' };
  const answer = cedar.isAuthorized({
    principal: anything,
    action: { type: 'Action', id: '' },
    resource: anything,
    context: {
      entity: { __entity: { type: 'Probe', id: '' }, __data: true },
      extension: { __extn: { fn: 'decimal', arg: '1.0' }, __data: true },
      expression: { __expr: 'x', __data: true },
    },
    policies: {
      staticPolicies:
        'permit(principal, action, resource) when { context.entity.__entity.id == "" && ' +
        'context.extension.__extn.fn == "decimal" && context.expression.__expr == "x" };',
    },
    entities: [],
  });
  if (answer.type !== 'success' || answer.response.decision !== 'allow') {
    throw new AuthzError(
      'ERR_AUTHZ_ENGINE',
      'this version of Cedar would read entities out of untrusted values; use cedar-wasm 4.13',
    );
  }
  checked.add(cedar);
}
