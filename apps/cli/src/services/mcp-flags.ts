/** What the flags about a running server mean: where it is and what is sent along. */
import { usageError } from '../cli-error.ts';
import type { Io } from '../io.ts';
import type { Log } from '../log.ts';
import { isLoopbackName } from '../loopback.ts';
import { checkPublicUrl } from './flag-values.ts';
import { assertNotGiven } from './idle-flags.ts';
import { readTextFile } from './text-file.ts';

/** The flags themselves. */
export interface ServerFlags {
  readonly server?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  /** `NAME=VALUE`. */
  readonly header?: readonly string[];
}

/** How to reach a server. */
export interface Connection {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Values that are never printed, whoever says them. */
  readonly secrets: readonly string[];
  readonly hasToken: boolean;
}

export interface PlanContext {
  readonly io: Io;
  readonly log: Log;
}

/**
 * Reads the flags.
 *
 * @throws {CliError} with exit code 2.
 */
export async function planConnection(
  flags: ServerFlags,
  { io, log }: PlanContext,
): Promise<Connection> {
  if (flags.server === undefined) {
    throw usageError('--server', 'missing', 'add the URL of the MCP endpoint, or a name');
  }
  const url = checkServerUrl(await toServerUrl(flags.server, { io, log }), log);
  if (flags.token !== undefined && flags.tokenFile !== undefined) {
    throw usageError('--token', 'means nothing beside --token-file', 'drop one');
  }
  const headers = new Headers();
  for (const header of flags.header ?? []) {
    addHeader(headers, header);
  }
  const token = await readToken(flags, io);
  if (token !== undefined) {
    if (headers.has('authorization')) {
      throw usageError('--header', 'Authorization stands beside a token', 'drop one');
    }
    headers.set('authorization', `Bearer ${token}`);
  }
  const hasToken = headers.has('authorization');
  warnOfExposure({ flags, url, hasToken }, log);
  return {
    url: url.href,
    headers: Object.fromEntries(headers),
    secrets: [...headers.values()].flatMap((value) => [value, value.replace(/^\S+ +/, '')]),
    hasToken,
  };
}

/** A flag that says something about a server, when none is named. */
export function assertNoServerFlags({ token, tokenFile, header }: ServerFlags): void {
  assertNotGiven(
    [
      ['--token', token],
      ['--token-file', tokenFile],
      ['--header', header],
    ],
    'means nothing without --server',
    'add it',
  );
}

/** What people keep in a file or paste: a line, or the whole value of the Authorization header. */
export async function readTokenFile(file: string, io: Io): Promise<string> {
  const text = await readTextFile('--token-file', file, io);
  const token = text.trim().replace(/^bearer +/i, '');
  if (isQuoted(token)) {
    throw usageError('--token-file', 'the token stands in quotes', 'leave them out');
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    const why = token === '' ? 'there is no token in it' : 'it holds more than one token';
    throw usageError('--token-file', why, 'give a file with the token alone');
  }
  return token;
}

/** Copied out of JSON or a script. No token has quotes: RFC 6750 §2.1. */
export function isQuoted(token: string): boolean {
  return /^(["'`]).*\1$/s.test(token);
}

async function readToken({ token, tokenFile }: ServerFlags, io: Io): Promise<string | undefined> {
  if (tokenFile !== undefined) {
    return readTokenFile(tokenFile, io);
  }
  const given = token?.trim().replace(/^bearer +/i, '');
  if (given !== undefined && isQuoted(given)) {
    throw usageError('--token', 'it stands in quotes', 'leave them out');
  }
  if (given !== undefined && !/^[\x21-\x7e]+$/.test(given)) {
    throw usageError('--token', 'is not a token');
  }
  return given;
}

/** What cannot be a URL is the name of a server in the background. */
export function isServerName(server: string): boolean {
  return /^[\w.-]+$/.test(server);
}

async function toServerUrl(server: string, { io, log }: PlanContext): Promise<string> {
  if (!isServerName(server)) {
    return server;
  }
  const { findWorkloadUrl } = await import('../workloads/find-workload.ts');
  return findWorkloadUrl({ flag: '--server', name: server }, io, log);
}

function checkServerUrl(text: string, log: Log): URL {
  const url = checkPublicUrl('--server', text);
  // An origin alone has always meant the usual endpoint.
  if (/^https?:\/\/[^/?#]*$/i.test(text)) {
    log({ level: 'info', message: '--server has no path: /mcp is used' });
    return new URL('/mcp', url);
  }
  return url;
}

function addHeader(headers: Headers, text: string): void {
  const at = text.indexOf('=');
  const name = text.slice(0, Math.max(0, at)).trim();
  try {
    headers.append(name, text.slice(at + 1));
  } catch {
    // The value may be a secret, so only what is wrong with it is said.
    throw usageError('--header', 'is not NAME=VALUE', "for example --header 'X-Api-Key=…'");
  }
}

interface Exposure {
  readonly flags: ServerFlags;
  readonly url: URL;
  readonly hasToken: boolean;
}

const SECRET_HEADER = /^[^=]*(?:authorization|cookie|key|secret|token)[^=]*=/i;

function warnOfExposure({ flags, url, hasToken }: Exposure, log: Log): void {
  if (flags.token !== undefined) {
    const message = 'process lists and the shell history show the token; use --token-file';
    log({ level: 'warn', message });
  }
  if (flags.header?.some((header) => SECRET_HEADER.test(header))) {
    log({ level: 'warn', message: 'process lists and the shell history show the header' });
  }
  if (hasToken && url.protocol === 'http:' && !isLoopbackName(url.hostname)) {
    log({ level: 'warn', message: 'the token goes over the network without encryption' });
  }
}
