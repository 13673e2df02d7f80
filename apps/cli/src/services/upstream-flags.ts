/** Decides how a server is reached by URL, and what it is sent besides the callers' messages. Pure. */
import { resolve } from 'node:path';
import {
  type ForwardedHeader,
  type HttpUpstreamConfig,
  isHeaderValue,
  type SignInConfig,
  whyNotForwarded,
} from '@thv/compose';
import { usageError } from '../cli-error.ts';
import { isLoopbackName } from '../loopback.ts';
import type { Transport } from './flag-words.ts';
import { assertNotGiven } from './idle-flags.ts';
import { filesOf, type InputFile } from './input-files.ts';
import type { ServerArgument } from './server-argument.ts';
import type { Surroundings } from './sign-in-options.ts';

export interface UpstreamFlags {
  readonly transport?: Transport;
  readonly forwardToken?: boolean;
  readonly remoteAuthBearerTokenFile?: string;
  /** `Name=Value`. */
  readonly remoteForwardHeaders?: readonly string[];
}

export interface UpstreamPlan {
  /** What is said about the server besides its URL. */
  readonly options: Omit<HttpUpstreamConfig, 'kind' | 'url'>;
  readonly files: readonly InputFile[];
  readonly warnings: readonly string[];
  readonly notices: readonly string[];
}

export interface UpstreamInput extends Surroundings {
  readonly server: ServerArgument;
  readonly signIn: SignInConfig;
  readonly flags: UpstreamFlags;
  /** What the catalogue says about the server. */
  readonly transport: Transport | undefined;
}

/** @throws {CliError} with exit code 2. */
export function planUpstream(input: UpstreamInput): UpstreamPlan {
  return input.server.kind === 'url' ? planUrl(input, input.server.url) : planProcess(input);
}

/** thv starts it and speaks to it alone, so there is nothing to be chosen or sent. */
function planProcess({ flags, server }: UpstreamInput): UpstreamPlan {
  // What an image speaks is for its own plan.
  const mayListen = server.kind === 'container';
  if (flags.transport !== undefined && flags.transport !== 'stdio' && !mayListen) {
    throw usageError('--transport', 'a server that thv starts speaks over stdio', 'leave it out');
  }
  assertNotGiven(
    [
      ['--forward-token', flags.forwardToken],
      ['--remote-auth-bearer-token-file', flags.remoteAuthBearerTokenFile],
      ['--remote-forward-headers', flags.remoteForwardHeaders],
    ],
    'means nothing for a server that thv starts',
    'leave it out; --env gives such a server what it needs',
  );
  return { options: {}, files: [], warnings: [], notices: [] };
}

function planUrl(input: UpstreamInput, url: string): UpstreamPlan {
  const { flags, signIn, cwd } = input;
  const { forwardToken, remoteAuthBearerTokenFile: tokenFile } = flags;
  const transport = flags.transport ?? input.transport;
  if (transport === 'stdio') {
    throw usageError('--transport', 'a URL is not reached over stdio', 'say sse, or leave it out');
  }
  if (forwardToken === true && signIn.kind === 'local-user') {
    throw usageError('--forward-token', 'callers have no token without a provider', 'leave it out');
  }
  if (forwardToken === true && tokenFile !== undefined) {
    throw usageError('--forward-token', 'contradicts --remote-auth-bearer-token-file', 'drop one');
  }
  const headers = readHeaders(input);
  const hasCredential = forwardToken === true || tokenFile !== undefined || headers.length > 0;
  return {
    options: {
      ...(transport !== undefined && { transport }),
      ...(forwardToken === true && { forwardToken }),
      ...(tokenFile !== undefined && { bearerToken: { file: resolve(cwd, tokenFile) } }),
      ...(headers.length > 0 && { headers }),
    },
    files: [
      ...filesOf([['--remote-auth-bearer-token-file', tokenFile]]),
      ...headers.flatMap(({ value }) =>
        typeof value === 'object' && 'file' in value
          ? [{ flag: '--remote-forward-headers', path: value.file }]
          : [],
      ),
    ],
    warnings: [
      ...(forwardToken === true
        ? ['--forward-token: the server gets every token of a caller, and can act as the caller']
        : []),
      ...(hasCredential && isReadableOnTheWay(url)
        ? ['the server is reached without encryption: what it is sent can be read on the way']
        : []),
      ...headers
        .filter(isVisibleSecret)
        .map(
          ({ name }) =>
            `--remote-forward-headers ${name}: process lists show it; write ${name}=file:FILE or ${name}=env:NAME`,
        ),
    ],
    notices: transport === undefined ? looksLikeSse(url) : [],
  };
}

function readHeaders({ flags, cwd, env }: UpstreamInput): readonly ForwardedHeader[] {
  const taken = new Set<string>();
  if (flags.forwardToken === true || flags.remoteAuthBearerTokenFile !== undefined) {
    taken.add('authorization');
  }
  return (flags.remoteForwardHeaders ?? []).map((text) => {
    const header = readHeader(text, { cwd, env });
    if (taken.has(header.name.toLowerCase())) {
      throw usageError(FLAG, `${header.name} is sent already`, 'give each header once');
    }
    taken.add(header.name.toLowerCase());
    return header;
  });
}

const FLAG = '--remote-forward-headers';
const FORM = 'write Name=Value, Name=file:FILE or Name=env:VARIABLE';

/** What follows the name is not repeated in any message: it may be a secret. */
function readHeader(text: string, { cwd, env }: Surroundings): ForwardedHeader {
  const at = text.indexOf('=');
  if (at < 1) {
    throw usageError(FLAG, 'is not Name=Value', FORM);
  }
  const [name, value] = [text.slice(0, at), text.slice(at + 1)];
  const why = whyNotForwarded(name);
  if (why !== undefined) {
    throw usageError(FLAG, name.length < 60 ? why : 'is not a header name', 'leave it out');
  }
  const [, scheme, rest = ''] = /^(file|env|text):(.*)$/s.exec(value) ?? [undefined, 'text', value];
  switch (scheme) {
    case 'file':
      if (rest === '') throw usageError(FLAG, `${name}: no file is named`, FORM);
      return { name, value: { file: resolve(cwd, rest) } };
    case 'env':
      if ((env[rest] ?? '') === '') {
        throw usageError(FLAG, `${name}: the variable it names is not set`, 'set it');
      }
      return { name, value: { env: rest } };
    default:
      if (!isHeaderValue(rest)) {
        throw usageError(FLAG, `the value of ${name} cannot stand in a header`, FORM);
      }
      return { name, value: rest };
  }
}

/** Names under which nobody sends what everybody may see. */
function isVisibleSecret({ name, value }: ForwardedHeader): boolean {
  return typeof value === 'string' && /auth|token|key|secret|cookie|password|session/i.test(name);
}

function isReadableOnTheWay(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !isLoopbackName(hostname);
}

/** A guess is not enough to choose by: both transports may stand at any path. */
function looksLikeSse(url: string): readonly string[] {
  return /\/sse\/?$/.test(new URL(url).pathname)
    ? ['the URL ends in /sse: if the server speaks HTTP+SSE (2024-11-05), add --transport sse']
    : [];
}
