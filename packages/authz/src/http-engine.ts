/** `type: httpv1`: asks an HTTP policy decision point. Anything but a clear "allow" is a deny. */

import { isRecord } from './config-reader.ts';
import { HINT_NAMES } from './hints.ts';
import { mapClaims } from './http-claims.ts';
import type { HttpOptions } from './http-config.ts';
import { OPERATIONS } from './operations.ts';
import type { AuthorizeRequest } from './request.ts';
import type { Verdict } from './verdict.ts';

/** The fetch function of the platform, or one like it. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

/** What the engine needs from its surroundings. */
export interface HttpEngineOptions {
  readonly pdp: HttpOptions;
  readonly serverName: string;
  readonly fetch: FetchLike;
  /** The bearer token for the decision point, read for every request. */
  readonly bearerToken: () => string | undefined;
}

const MAX_ANSWER_BYTES = 65_536;

/** Creates a function that asks the decision point. It never throws. */
export function createHttpEngine(
  options: HttpEngineOptions,
): (request: AuthorizeRequest) => Promise<Verdict> {
  const { pdp, fetch, bearerToken } = options;
  const url = decisionUrl(pdp.url);
  return async (request) => {
    try {
      const token = bearerToken();
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(buildQuestion(request, options)),
        // A redirect would send claims and the token to an address nobody configured.
        redirect: 'manual',
        signal: AbortSignal.timeout(pdp.timeoutMs),
      });
      return await readVerdict(response);
    } catch (error) {
      const timeout = error instanceof Error && error.name === 'TimeoutError';
      return deny(timeout ? 'it did not answer in time' : 'it cannot be reached');
    }
  };
}

/** The question in the form of the decision point (principal, operation, resource, context). */
export function buildQuestion(
  request: AuthorizeRequest,
  { pdp, serverName }: Pick<HttpEngineOptions, 'pdp' | 'serverName'>,
): Readonly<Record<string, unknown>> {
  const { action, target, identity } = request;
  const { feature, operation } = OPERATIONS[action];
  const args = action !== 'read_resource' && isRecord(request.arguments) ? request.arguments : {};
  const annotations = action === 'call_tool' ? presentHints(request) : {};
  const mcp = {
    ...(pdp.includeOperation ? { feature, operation, resource_id: target } : {}),
    ...(pdp.includeArgs && Object.keys(args).length > 0 ? { args } : {}),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  };
  return {
    principal: mapClaims(identity.claims, pdp.claimMapping),
    operation: `mcp:${feature}:${operation}`,
    resource: `mrn:mcp:${serverName}:${feature}:${target}`,
    context: Object.keys(mcp).length > 0 ? { mcp } : {},
  };
}

function presentHints({ hints }: AuthorizeRequest): Record<string, boolean> {
  const present: Record<string, boolean> = {};
  for (const name of HINT_NAMES) {
    const hint = hints?.[name];
    if (hint !== undefined) {
      present[name] = hint;
    }
  }
  return present;
}

function decisionUrl(base: string): string {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/decision`;
  return url.href;
}

async function readVerdict(response: Response): Promise<Verdict> {
  if (response.status !== 200) {
    await response.body?.cancel();
    return deny(`it answered with status ${response.status}`);
  }
  const text = await readBounded(response);
  if (text === undefined) {
    return deny('its answer is too long');
  }
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    // Told apart from an unreachable decision point: the operator looks elsewhere for it.
    return deny('its answer is not JSON');
  }
  const allow = isRecord(answer) && Object.hasOwn(answer, 'allow') ? answer['allow'] : false;
  if (typeof allow !== 'boolean') {
    return deny('its answer has no boolean "allow"');
  }
  return { allowed: allow, policies: [], errors: [] };
}

async function readBounded(response: Response): Promise<string | undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const reader = response.body?.getReader();
  let text = '';
  let size = 0;
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
    size += part.value.byteLength;
    if (size > MAX_ANSWER_BYTES) {
      await reader?.cancel();
      return undefined;
    }
    text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
}

function deny(reason: string): Verdict {
  const message = `the policy decision point could not be asked: ${reason}`;
  return { allowed: false, policies: [], errors: [{ policy: '', message }] };
}
