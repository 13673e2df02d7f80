/** The authorizer: configuration in, decisions out, replaced at once on reload (D32). */
import { assertUsableCedar, type Cedar } from './cedar.ts';
import { type AuthzConfig, parseAuthzConfig } from './config.ts';
import { createDecisionIds } from './decision-id.ts';
import { AuthzError } from './errors.ts';
import type { Explanation } from './explanation.ts';
import { filterRead, readList, toReport } from './list-filter.ts';
import { createPolicyEngine, type PolicyEngine } from './policy-engine.ts';
import type { AuthorizeRequest, Decision, FilteredList, ListRequest } from './request.ts';

/** Decides MCP requests. All functions are safe to call at any time; none throws for a "no". */
export interface Authorizer {
  /** May the identity do this? */
  authorize(request: AuthorizeRequest): Decision | Promise<Decision>;
  /** Reduces a list result to what the identity may use with some arguments. */
  filterList(request: ListRequest, result: unknown): FilteredList | Promise<FilteredList>;
  /** Says why a request is allowed or denied. Slow; meant for tools, not for the request path. */
  explain(request: AuthorizeRequest): Explanation;
  /**
   * Replaces the configuration at once. Running decisions finish with the old one.
   *
   * @throws {AuthzError} when the new one cannot be used; the old one stays.
   */
  reload(config: unknown): void;
  /** True when some policy reads a tool annotation, so that calls need the tool's hints (D30). */
  readonly readsHints: boolean;
  /** The `version` of the loaded configuration. */
  readonly version: string;
}

/** Options of {@link createAuthorizer}. */
export interface AuthorizerOptions {
  /** Cedar, from `createCedar` or `loadCedar`. */
  readonly cedar: Cedar;
  /** The MCP server's name: resources are in `MCP::"<serverName>"`. Default: none. */
  readonly serverName?: string | undefined;
}

/**
 * Creates an authorizer from the contents of an authorization file.
 *
 * @throws {AuthzError} at once, when the configuration, a policy or an entity cannot be used.
 * @throws {TypeError} when an option is missing or of a wrong type.
 */
export function createAuthorizer(config: unknown, options: AuthorizerOptions): Authorizer {
  const { cedar, serverName = '' } = options;
  if (typeof cedar?.statefulIsAuthorized !== 'function') {
    throw new TypeError('"cedar" option must be an instance from createCedar() or loadCedar()');
  }
  if (typeof serverName !== 'string') {
    throw new TypeError('"serverName" option must be a string');
  }
  assertUsableCedar(cedar);
  const nextId = createDecisionIds();
  const load = (next: unknown): { readonly config: AuthzConfig; readonly engine: PolicyEngine } => {
    const parsed = parseAuthzConfig(next);
    if (parsed.type !== 'cedarv1') {
      throw new AuthzError('ERR_AUTHZ_CONFIG', `type "${parsed.type}" is not supported here`);
    }
    return { config: parsed, engine: createPolicyEngine(cedar, parsed, serverName) };
  };
  let loaded = load(config);

  return {
    authorize: (request) => {
      try {
        const { allowed, policies, errors } = loaded.engine.decide(request);
        return { allowed, id: nextId(), policies, errors };
      } catch (error) {
        return { allowed: false, id: nextId(), policies: [], errors: [toReport(error)] };
      }
    },
    filterList: (request, result) => {
      try {
        const list = readList(request.list, result);
        const decide = loaded.engine.decideItems(request);
        return list.ok ? filterRead(list, decide) : list;
      } catch (error) {
        return { ok: false, reason: toReport(error).message };
      }
    },
    explain: (request) => {
      const outcome = { id: nextId(), ...loaded.engine.decide(request) };
      return loaded.engine.explain(request, outcome);
    },
    reload: (next) => {
      loaded = load(next);
    },
    get readsHints() {
      return loaded.engine.readsHints;
    },
    get version() {
      return loaded.config.version;
    },
  };
}
