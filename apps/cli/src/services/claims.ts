/** The claims that a policy question is asked with: from a file, or out of a token. */
import { extname } from 'node:path';
import { usageError } from '../cli-error.ts';
import type { Io } from '../io.ts';
import type { Log } from '../log.ts';
import { isRecord, memberOf, parseJson } from './json-value.ts';
import { readTokenFile } from './mcp-flags.ts';
import { readTextFile } from './text-file.ts';

/** Where claims come from. */
export interface ClaimsFlags {
  /** A JSON or YAML file; `-` is stdin. */
  readonly claims?: string;
  /** `-` is stdin. */
  readonly tokenFile?: string;
  readonly oidcPrincipalClaim?: string;
}

/** Who asks. */
export interface Caller {
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface ClaimsContext {
  readonly io: Io;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Reads the claims. A token is decoded and not verified.
 *
 * @throws {CliError} with exit code 2.
 */
export async function readCaller(flags: ClaimsFlags, context: ClaimsContext): Promise<Caller> {
  const { claims: file, tokenFile, oidcPrincipalClaim: principalClaim = 'sub' } = flags;
  if ((file === undefined) === (tokenFile === undefined)) {
    throw usageError(
      '--claims',
      file === undefined ? 'missing: somebody must ask' : 'stands beside --token-file',
      'give one of --claims FILE and --token-file FILE',
    );
  }
  const claims =
    file === undefined ? await claimsOfToken(tokenFile ?? '-', context) : await read(file, context);
  const subject = memberOf(claims, principalClaim);
  if (typeof subject !== 'string' || subject === '') {
    throw usageError(
      file === undefined ? '--token-file' : '--claims',
      `the claim ${JSON.stringify(principalClaim)}, which names the caller, is missing or no text`,
      'such a token is refused with 401; another claim is chosen with --oidc-principal-claim',
    );
  }
  return { subject, claims };
}

async function read(file: string, { io }: ClaimsContext): Promise<Caller['claims']> {
  const text = await readTextFile('--claims', file, io);
  const isYaml = ['.yaml', '.yml'].includes(extname(file).toLowerCase());
  const claims = isYaml ? await parseYaml(text) : parseJson(text);
  if (!isRecord(claims)) {
    throw usageError(
      '--claims',
      `${file === '-' ? 'stdin' : file} holds no object of claims`,
      'write {"sub": "alice", "roles": ["admin"]}, as in the payload of a token',
    );
  }
  return claims;
}

async function parseYaml(text: string): Promise<unknown> {
  const { parse } = await import('yaml');
  try {
    return parse(text);
  } catch {
    // Said by the caller, in the same words for JSON.
    return undefined;
  }
}

async function claimsOfToken(file: string, context: ClaimsContext): Promise<Caller['claims']> {
  const { io, log, now } = context;
  const parts = (await readTokenFile(file, io)).split('.');
  const payload = Buffer.from(parts[1] ?? '', 'base64url').toString('utf8');
  const claims = parts.length === 3 ? parseJson(payload) : undefined;
  if (!isRecord(claims)) {
    throw usageError(
      '--token-file',
      'is no signed JWT, so there are no claims to read',
      'for an opaque token give --claims with what introspection answers',
    );
  }
  log({
    level: 'warn',
    message: 'the token is decoded, not verified; thv token inspect checks it',
  });
  const { exp } = claims;
  if (typeof exp === 'number' && exp * 1000 < now()) {
    log({
      level: 'warn',
      message: 'the token has expired: a server answers 401 before any policy',
    });
  }
  return claims;
}
