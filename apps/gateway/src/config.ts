/** The gateway's configuration file: what it may hold, and what it means. */

import type { PlainUpstreamConfig, ServingConfig, WatchersConfig } from '@thv/compose';
import type { ToolOptions } from '@thv/proxy';
import { configError } from './config-error.ts';
import {
  type Fields,
  join,
  readFile,
  readHost,
  readMap,
  readObject,
  readOptional,
  readPort,
  readText,
  readTexts,
  readUrl,
  type Surroundings,
} from './config-reader.ts';
import { HTTP_KEYS, readHttpServer } from './http-server.ts';
import { type NamedIssuer, readAudiences, readIssuers, readScopes } from './issuers.ts';
import { type GatewayLimits, readLimits } from './limits.ts';
import { readServing, SERVING_KEYS } from './serving.ts';
import { readStore, type StoreConfig } from './store-config.ts';
import { readTools } from './tools.ts';
import { readTrustedProxies } from './trusted-proxies.ts';
import { readWatchers } from './watchers.ts';

/** A checked configuration. Paths are absolute. */
export interface GatewayConfig extends WatchersConfig {
  readonly listen: { readonly host: string; readonly port: number };
  /** Origin under which clients reach the gateway; default: as bound. */
  readonly publicUrl: string | undefined;
  readonly issuers: readonly NamedIssuer[];
  /** Scopes that include others. */
  readonly scopeImplies: Readonly<Record<string, readonly string[]>> | undefined;
  readonly servers: readonly ServerConfig[];
  /** Proxies in front whose forwarding headers are believed. */
  readonly trustedProxies: readonly string[] | undefined;
  readonly limits: GatewayLimits;
  /** What replicas share. */
  readonly store: StoreConfig;
}

export interface ServerConfig {
  readonly name: string;
  readonly upstream: PlainUpstreamConfig;
  /** Only these are accepted here, instead of the issuers'. */
  readonly audiences: readonly string[] | undefined;
  /** Authorization file; undefined: everyone who signs in may do everything (D33). */
  readonly authorization: string | undefined;
  readonly serving: ServingConfig;
  /** Which tools callers see, and under which names. */
  readonly tools: ToolOptions | undefined;
}

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$/;

/**
 * Reads a parsed configuration file.
 *
 * @throws GatewayConfigError naming the place and the way out
 */
export function readGatewayConfig(value: unknown, around: Surroundings): GatewayConfig {
  const { folder } = around;
  const top = readObject(value, '', [
    'version',
    'listen',
    'public_url',
    'issuers',
    'scope_implies',
    'authorization',
    'servers',
    'trusted_proxies',
    'limits',
    'store',
    'audit',
    'telemetry',
  ]);
  if (top.get('version') !== 1) throw configError('version', 'must be 1');
  const fallback = readAuthorization(top, '', folder);
  const servers = readMap(top.get('servers') ?? {}, 'servers');
  if (servers.size === 0) throw configError('servers', 'at least one server is needed');
  const publicUrl = top.get('public_url');
  const store = readStore(top.get('store') ?? { type: 'memory' }, 'store', folder);
  return {
    listen: readListen(top.get('listen') ?? {}),
    publicUrl: publicUrl === undefined ? undefined : readPublicUrl(publicUrl, 'public_url'),
    issuers: readIssuers(top.get('issuers'), folder),
    scopeImplies: readOptional(top, '')('scope_implies', readScopeImplies),
    store,
    limits: readLimits(top.get('limits') ?? {}, 'limits', store),
    trustedProxies: readOptional(top, '')('trusted_proxies', readTrustedProxies),
    ...readWatchers(top, around),
    servers: [...servers].map(([name, server]) => {
      const path = join('servers', name);
      if (!NAME.test(name)) throw configError(path, 'a name has letters, digits, and . _ - inside');
      const fields = readObject(server, path, [
        'url',
        'command',
        'env',
        ...HTTP_KEYS,
        ...SERVING_KEYS,
        'audiences',
        'authorization',
        'tools',
        'tools_override',
      ]);
      const audiences = fields.get('audiences');
      const upstream = readUpstream(fields, path, around);
      return {
        name,
        upstream,
        serving: readServing(fields, path, upstream),
        audiences:
          audiences === undefined ? undefined : readAudiences(audiences, join(path, 'audiences')),
        authorization: readAuthorization(fields, path, folder) ?? fallback,
        tools: readTools(fields, path),
      };
    }),
  };
}

function readPublicUrl(value: unknown, path: string): string {
  const text = readUrl(value, path);
  if (/[?#]/.test(text)) throw configError(path, 'must not hold a query or fragment');
  return text.replace(/\/$/, '');
}

function readListen(value: unknown): GatewayConfig['listen'] {
  const fields = readObject(value, 'listen', ['host', 'port']);
  return {
    host: readHost(fields.get('host') ?? '0.0.0.0', 'listen.host'),
    port: readPort(fields.get('port') ?? 8080, 'listen.port'),
  };
}

function readScopeImplies(
  value: unknown,
  path: string,
): Readonly<Record<string, readonly string[]>> {
  const entries = [...readMap(value, path)];
  readScopes(
    entries.map(([scope]) => scope),
    path,
  );
  return Object.fromEntries(
    entries.map(([scope, implied]) => [scope, readScopes(implied, join(path, scope))]),
  );
}

function readAuthorization(fields: Fields, path: string, folder: string): string | undefined {
  const value = fields.get('authorization');
  if (value === undefined) return undefined;
  const at = join(path, 'authorization');
  return readFile(readObject(value, at, ['config']).get('config'), join(at, 'config'), folder);
}

function readUpstream(fields: Fields, path: string, around: Surroundings): PlainUpstreamConfig {
  const url = fields.get('url');
  const command = fields.get('command');
  if ((url === undefined) === (command === undefined)) {
    throw configError(path, 'needs either url or command');
  }
  if (url !== undefined) {
    if (fields.has('env')) throw configError(join(path, 'env'), 'a URL has no environment');
    return readHttpServer(fields, path, around.folder);
  }
  const stray = HTTP_KEYS.find((key) => fields.has(key));
  if (stray !== undefined) throw configError(join(path, stray), 'is for servers with a url');
  const [program, ...args] = readTexts(command, join(path, 'command'));
  if (program === undefined) throw configError(join(path, 'command'), 'must name a program');
  const declared = readMap(fields.get('env') ?? {}, join(path, 'env'));
  const env = { ...baseEnvironment(around.env) };
  for (const [key, value] of declared) {
    const at = join(path, `env.${key}`);
    if (!VARIABLE.test(key)) throw configError(at, 'is no variable; use letters, digits and _');
    env[key] = readText(value, at);
  }
  return { kind: 'stdio', command: program, args, env, cwd: around.folder };
}

const VARIABLE = /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]*$/;

/** What any program needs; everything else of the gateway's environment may be a secret. */
function baseEnvironment(env: Surroundings['env']): Record<string, string> {
  const names = Object.keys(env).filter((name) => /^(?:PATH|HOME|LANG|LC_\w+|TMPDIR)$/.test(name));
  return Object.fromEntries(names.map((name) => [name, env[name] ?? '']));
}
