/** The keys of a server that is a URL: what it speaks, and what it is sent besides messages. */

import {
  type ForwardedHeader,
  type HttpUpstreamConfig,
  isHeaderValue,
  whyNotForwarded,
} from '@thv/compose';
import { configError } from './config-error.ts';
import {
  type Fields,
  join,
  readChoice,
  readFile,
  readFlag,
  readMap,
  readObject,
  readOptional,
  readText,
  readUrl,
} from './config-reader.ts';
import { readSecret } from './secret.ts';

/** Keys that mean nothing for a server that the gateway starts. */
export const HTTP_KEYS = [
  'transport',
  'forward_token',
  'bearer_token_file',
  'bearer_token_env',
  'headers',
] as const;

/** @throws GatewayConfigError naming the place and the way out */
export function readHttpServer(fields: Fields, path: string, folder: string): HttpUpstreamConfig {
  const optional = readOptional(fields, path);
  const transport = optional('transport', (value, at) =>
    readChoice(value, at, ['streamable-http', 'sse']),
  );
  const forwardToken = optional('forward_token', readFlag);
  const bearerToken = readSecret(fields, join(path, 'bearer_token'), folder);
  if (forwardToken === true && bearerToken !== undefined) {
    throw configError(join(path, 'forward_token'), 'contradicts the bearer token; drop one');
  }
  const sendsToken = forwardToken === true || bearerToken !== undefined;
  const headers = optional('headers', (value, at) =>
    readHeaders(value, at, { folder, sendsToken }),
  );
  return {
    kind: 'http',
    url: readUrl(fields.get('url'), join(path, 'url')),
    ...(transport !== undefined && { transport }),
    ...(forwardToken !== undefined && { forwardToken }),
    ...(bearerToken !== undefined && { bearerToken }),
    ...(headers !== undefined && { headers }),
  };
}

interface HeaderRules {
  readonly folder: string;
  /** The `Authorization` header is taken. */
  readonly sendsToken: boolean;
}

function readHeaders(value: unknown, path: string, rules: HeaderRules): readonly ForwardedHeader[] {
  const taken = new Set(rules.sendsToken ? ['authorization'] : []);
  return [...readMap(value, path)].map(([name, item]) => {
    const at = join(path, name);
    const why = whyNotForwarded(name);
    if (why !== undefined) throw configError(at, why);
    if (taken.has(name.toLowerCase())) throw configError(at, 'is sent already; give it once');
    taken.add(name.toLowerCase());
    return { name, value: readHeaderValue(item, at, rules.folder) };
  });
}

function readHeaderValue(value: unknown, path: string, folder: string): ForwardedHeader['value'] {
  if (typeof value === 'string') {
    if (!isHeaderValue(value)) throw configError(path, 'cannot stand in a header');
    return value;
  }
  const fields = readObject(value, path, ['file', 'env']);
  const [file, env] = [fields.get('file'), fields.get('env')];
  if ((file === undefined) === (env === undefined)) {
    throw configError(path, 'give a text, or either file or env for a secret');
  }
  return file === undefined
    ? { env: readText(env, join(path, 'env')) }
    : { file: readFile(file, join(path, 'file'), folder) };
}
