/** The gateway's configuration file: what it may hold, and what it means. */

import { isAbsolute, resolve } from 'node:path';
import type { UpstreamConfig } from '@thv/compose';
import { configError } from './config-error.ts';
import {
  type Fields,
  join,
  readMap,
  readObject,
  readPort,
  readText,
  readTexts,
  readUrl,
} from './config-reader.ts';

/** A checked configuration. Paths are absolute. */
export interface GatewayConfig {
  readonly listen: { readonly host: string; readonly port: number };
  /** Origin under which clients reach the gateway; default: as bound. */
  readonly publicUrl: string | undefined;
  readonly issuer: IssuerConfig;
  readonly servers: readonly ServerConfig[];
}

export interface IssuerConfig {
  readonly issuer: string;
  readonly jwksUrl: string | undefined;
  readonly audiences: readonly string[];
}

export interface ServerConfig {
  readonly name: string;
  readonly upstream: UpstreamConfig;
  /** Only these are accepted here, instead of the issuer's. */
  readonly audiences: readonly string[] | undefined;
  /** Authorization file; undefined: everyone who signs in may do everything (D33). */
  readonly authorization: string | undefined;
}

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$/;

/**
 * Reads a parsed configuration file.
 *
 * @param folder where relative paths start: the folder of the file
 * @param env the process's environment, of which servers get only what any program needs
 * @throws GatewayConfigError naming the place and the way out
 */
export function readGatewayConfig(
  value: unknown,
  {
    folder,
    env,
  }: { readonly folder: string; readonly env: Readonly<Record<string, string | undefined>> },
): GatewayConfig {
  const top = readObject(value, '', [
    'version',
    'listen',
    'public_url',
    'issuers',
    'authorization',
    'servers',
  ]);
  if (top.get('version') !== 1) throw configError('version', 'must be 1');
  const fallback = readAuthorization(top, '', folder);
  const servers = readMap(top.get('servers') ?? {}, 'servers');
  if (servers.size === 0) throw configError('servers', 'at least one server is needed');
  const publicUrl = top.get('public_url');
  return {
    listen: readListen(top.get('listen') ?? {}),
    publicUrl:
      publicUrl === undefined ? undefined : readUrl(publicUrl, 'public_url').replace(/\/$/, ''),
    issuer: readIssuers(top.get('issuers')),
    servers: [...servers].map(([name, server]) => {
      const path = join('servers', name);
      if (!NAME.test(name)) throw configError(path, 'a name has letters, digits, and . _ - inside');
      const fields = readObject(server, path, [
        'url',
        'command',
        'env',
        'audiences',
        'authorization',
      ]);
      const audiences = fields.get('audiences');
      return {
        name,
        upstream: readUpstream(fields, path, { folder, env }),
        audiences:
          audiences === undefined ? undefined : readAudiences(audiences, join(path, 'audiences')),
        authorization: readAuthorization(fields, path, folder) ?? fallback,
      };
    }),
  };
}

function readListen(value: unknown): GatewayConfig['listen'] {
  const fields = readObject(value, 'listen', ['host', 'port']);
  const host = fields.get('host') ?? '0.0.0.0';
  return {
    host: readText(host, 'listen.host'),
    port: readPort(fields.get('port') ?? 8080, 'listen.port'),
  };
}

function readIssuers(value: unknown): IssuerConfig {
  if (!Array.isArray(value) || value.length === 0) {
    throw configError('issuers', 'at least one issuer is needed: a gateway is never open');
  }
  if (value.length > 1) throw configError('issuers[1]', 'only one issuer is supported');
  const path = 'issuers[0]';
  const fields = readObject(value[0], path, ['name', 'issuer', 'jwks_url', 'audiences']);
  if (fields.has('name')) readText(fields.get('name'), join(path, 'name'));
  const jwksUrl = fields.get('jwks_url');
  return {
    issuer: readUrl(fields.get('issuer'), join(path, 'issuer')),
    jwksUrl: jwksUrl === undefined ? undefined : readUrl(jwksUrl, join(path, 'jwks_url')),
    audiences: readAudiences(fields.get('audiences'), join(path, 'audiences')),
  };
}

/** D2: a token must be meant for us, so an empty list is refused as well. */
function readAudiences(value: unknown, path: string): readonly string[] {
  const audiences = value === undefined ? [] : readTexts(value, path);
  if (audiences.length === 0) {
    throw configError(
      path,
      'at least one audience is needed: tokens for other services must not pass',
    );
  }
  return audiences;
}

function readAuthorization(fields: Fields, path: string, folder: string): string | undefined {
  const value = fields.get('authorization');
  if (value === undefined) return undefined;
  const at = join(path, 'authorization');
  const file = readText(readObject(value, at, ['config']).get('config'), join(at, 'config'));
  return isAbsolute(file) ? file : resolve(folder, file);
}

interface Surroundings {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

function readUpstream(fields: Fields, path: string, around: Surroundings): UpstreamConfig {
  const url = fields.get('url');
  const command = fields.get('command');
  if ((url === undefined) === (command === undefined)) {
    throw configError(path, 'needs either url or command');
  }
  if (url !== undefined) {
    if (fields.has('env')) throw configError(join(path, 'env'), 'a URL has no environment');
    return { kind: 'http', url: readUrl(url, join(path, 'url')) };
  }
  const [program, ...args] = readTexts(command, join(path, 'command'));
  if (program === undefined) throw configError(join(path, 'command'), 'must name a program');
  const declared = readMap(fields.get('env') ?? {}, join(path, 'env'));
  const env = { ...baseEnvironment(around.env) };
  for (const [key, value] of declared) env[key] = readText(value, join(path, `env.${key}`));
  return { kind: 'stdio', command: program, args, env, cwd: around.folder };
}

/** What any program needs; everything else of the gateway's environment may be a secret. */
function baseEnvironment(env: Surroundings['env']): Record<string, string> {
  const names = Object.keys(env).filter((name) => /^(?:PATH|HOME|LANG|LC_\w+|TMPDIR)$/.test(name));
  return Object.fromEntries(names.map((name) => [name, env[name] ?? '']));
}
