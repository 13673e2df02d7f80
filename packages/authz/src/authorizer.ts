/** The authorizer: configuration in, decisions out, replaced at once on reload (D32). */
import { assertUsableCedar, type Cedar } from './cedar.ts';
import { type AuthzConfig, parseAuthzConfig } from './config.ts';
import { createDecisionIds } from './decision-id.ts';
import { AuthzError } from './errors.ts';
import type { Explanation } from './explanation.ts';
import type { FetchLike } from './http-engine.ts';
import { createHttpPolicies } from './http-policies.ts';
import { filterRead, readList, toReport } from './list-filter.ts';
import { createPolicyEngine, type PolicyEngine } from './policy-engine.ts';
import type { AuthorizeRequest, Decision, FilteredList, ListRequest } from './request.ts';
import type { Verdict } from './verdict.ts';

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
  /** Used with `type: httpv1` only. Default: the platform's fetch. */
  readonly fetch?: FetchLike | undefined;
  /**
   * The bearer token for the decision point of `type: httpv1`: read when a configuration is loaded,
   * which fails where this throws, and for every request.
   *
   * @param file `bearer_token_file` of that configuration; `createTokenReader` of `@thv/authz/node` reads it.
   */
  readonly bearerToken?: ((file: string | undefined) => string | undefined) | undefined;
}

interface Loaded {
  readonly config: AuthzConfig;
  readonly engine: PolicyEngine;
}

/**
 * Creates an authorizer from the contents of an authorization file.
 *
 * @throws {AuthzError} at once, when the configuration, a policy or an entity cannot be used.
 * @throws {TypeError} when an option is missing or of a wrong type.
 */
export function createAuthorizer(config: unknown, options: AuthorizerOptions): Authorizer {
  const { cedar, serverName = '', fetch = globalThis.fetch, bearerToken } = options;
  if (typeof cedar?.statefulIsAuthorized !== 'function') {
    throw new TypeError('"cedar" option must be an instance from createCedar() or loadCedar()');
  }
  if (typeof serverName !== 'string') {
    throw new TypeError('"serverName" option must be a string');
  }
  assertUsableCedar(cedar);
  const nextId = createDecisionIds();
  const load = (next: unknown): Loaded => {
    const parsed = parseAuthzConfig(next);
    if (parsed.type === 'cedarv1') {
      return { config: parsed, engine: createPolicyEngine(cedar, parsed, serverName) };
    }
    const { pdp } = parsed;
    const readToken = (): string | undefined => bearerToken?.(pdp.bearerTokenFile);
    readToken();
    const engine = createHttpPolicies({ pdp, serverName, fetch, bearerToken: readToken });
    return { config: parsed, engine };
  };
  let loaded = load(config);
  const decided = ({ allowed, policies, errors }: Verdict): Decision => ({
    allowed,
    id: nextId(),
    policies,
    errors,
  });

  return {
    authorize: (request) => {
      try {
        const verdict = loaded.engine.decide(request);
        return verdict instanceof Promise ? verdict.then(decided) : decided(verdict);
      } catch (error) {
        return { allowed: false, id: nextId(), policies: [], errors: [toReport(error)] };
      }
    },
    filterList: (request, result) => {
      try {
        const list = readList(request.list, result);
        if (!list.ok) {
          return list;
        }
        const verdicts = loaded.engine.decideItems(request, list.items);
        return verdicts instanceof Promise
          ? verdicts.then((found) => filterRead(list, found))
          : filterRead(list, verdicts);
      } catch (error) {
        return { ok: false, reason: toReport(error).message };
      }
    },
    explain: (request) => {
      const { engine } = loaded;
      if (engine.explain === undefined) {
        throw new AuthzError('ERR_AUTHZ_ENGINE', 'only Cedar policies can be explained');
      }
      return engine.explain(request, nextId());
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
