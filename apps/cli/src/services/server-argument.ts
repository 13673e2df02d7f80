/** Reads the SERVER argument and derives a name from it. Pure. */
import type { Catalogue, CatalogueEntry } from '../catalogue/catalogue.ts';
import { usageError } from '../cli-error.ts';
import { isImageReference } from '../containers/image-reference.ts';
import { didYouMean } from '../suggest.ts';
import { otherKind, urlMeantBy } from './server-guess.ts';

/** What to run or to forward to: plain data. */
export type ServerArgument =
  | { readonly kind: 'url'; readonly url: string }
  | {
      readonly kind: 'npx' | 'uvx';
      readonly packageName: string;
      readonly version: string | undefined;
      readonly args: readonly string[];
    }
  | { readonly kind: 'container'; readonly image: string; readonly args: readonly string[] }
  | { readonly kind: 'command'; readonly command: string; readonly args: readonly string[] };

/** A server, and what a catalogue says about it if it was named by one. */
export interface ServerChoice {
  readonly server: ServerArgument;
  readonly entry: CatalogueEntry | undefined;
}

const KINDS =
  'give a URL, npx://package[@version], uvx://package[@version], a catalogue name, an image, or --name NAME -- COMMAND';
const NPM_PACKAGE = /^((?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*)(?:@(\w[\w.+-]*))?$/i;
const PYTHON_PACKAGE = /^([a-z0-9](?:[\w.-]*[a-z0-9])?)(?:@(\w[\w.+-]*))?$/i;

/**
 * Chooses what SERVER means. The name of a catalogue entry comes before an image, and has to be
 * exactly that name: a bare word that is none is an error, never an image to be downloaded.
 */
export function chooseServer(
  server: string | undefined,
  serverArgs: readonly string[] | undefined,
  catalogue: Catalogue,
): ServerChoice {
  const isName = server !== undefined && !server.includes('://');
  const entry = isName ? catalogue.find(server) : undefined;
  if (entry !== undefined) {
    const args = serverArgs ?? (entry.kind === 'url' ? undefined : entry.args);
    return { server: parseServerArgument(entry.server, args), entry };
  }
  const url = isName ? urlMeantBy(server) : undefined;
  if (url !== undefined) {
    throw usageError(
      JSON.stringify(server),
      'has no scheme, so it would be a container image',
      `write ${url}, or an image with its tag`,
    );
  }
  if (isName && !isImageReference(server)) {
    throw usageError(
      JSON.stringify(server),
      `${catalogue.source} has no such server`,
      didYouMean(server, catalogue.names) ?? otherKind(server),
    );
  }
  return { server: parseServerArgument(server, serverArgs), entry: undefined };
}

/** @param serverArgs what stands after `--`, if that was given. */
export function parseServerArgument(
  server: string | undefined,
  serverArgs: readonly string[] | undefined,
): ServerArgument {
  if (server === undefined) {
    const [command, ...args] = serverArgs ?? [];
    if (command === undefined || command === '') {
      throw usageError('no server', 'there is nothing to run', KINDS);
    }
    return { kind: 'command', command, args };
  }
  if (/^https?:\/\//i.test(server)) {
    if (serverArgs !== undefined) {
      throw usageError('arguments after --', 'a URL takes none', 'leave them out');
    }
    return { kind: 'url', url: parseServerUrl(server) };
  }
  const args = serverArgs ?? [];
  if (server.startsWith('npx://')) {
    return { kind: 'npx', ...parsePackage(server, NPM_PACKAGE), args };
  }
  if (server.startsWith('uvx://')) {
    return { kind: 'uvx', ...parsePackage(server, PYTHON_PACKAGE), args };
  }
  if (isImageReference(server)) {
    return { kind: 'container', image: server, args };
  }
  throw usageError(JSON.stringify(server), 'is no server that thv can run', KINDS);
}

function parsePackage(server: string, pattern: RegExp) {
  const scheme = server.slice(0, 'npx://'.length);
  const [, packageName, version] = pattern.exec(server.slice(scheme.length)) ?? [];
  if (packageName === undefined) {
    throw usageError(server, `is not ${scheme}package[@version]`);
  }
  return { packageName, version };
}

function parseServerUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null) {
    throw usageError(JSON.stringify(text), 'is not a URL');
  }
  if (url.username !== '' || url.password !== '') {
    throw usageError('server URL', 'holds a user name or password', 'remove them');
  }
  if (url.hash !== '') {
    throw usageError('server URL', 'has a fragment (#…)', 'remove it');
  }
  return url.href;
}

/** What begins with a dash would be read as a flag. */
const NAME = /^[\w.][\w.-]{0,99}$/;
const NAME_RULE = 'use letters, digits and . _ - only, at most 100, and no - at the start';

/** The given name, or one derived from the server. A command has no name of its own. */
export function chooseName(given: string | undefined, { server, entry }: ServerChoice): string {
  if (given !== undefined) {
    return checkName('--name', given);
  }
  if (server.kind === 'command') {
    throw usageError('--name', 'missing: a command has no name of its own', 'add --name NAME');
  }
  const derived = entry?.name ?? deriveName(server);
  if (!isName(derived)) {
    throw usageError('--name', 'missing, and none can be derived', 'add --name NAME');
  }
  return derived;
}

/** @param what what the name was given as, for the message. */
export function checkName(what: string, text: string): string {
  if (!isName(text)) {
    throw usageError(what, `${JSON.stringify(text)} is not a name`, NAME_RULE);
  }
  return text;
}

/** `.` and `..` are letters a file path gives a meaning to. */
function isName(text: string): boolean {
  return NAME.test(text) && !/^\.+$/.test(text);
}

function deriveName(server: Exclude<ServerArgument, { readonly kind: 'command' }>): string {
  switch (server.kind) {
    case 'url':
      return nameOfUrl(server.url);
    case 'npx':
    case 'uvx':
      return nameOfPackage(server.packageName);
    case 'container':
      return nameOfImage(server.image);
    default:
      return server satisfies never;
  }
}

/** `ghcr.io/github/github-mcp-server:1` → `github-mcp-server`. */
function nameOfImage(image: string): string {
  const path = image.split('@')[0] ?? image;
  return (path.split('/').at(-1) ?? path).split(':')[0] ?? path;
}

function nameOfPackage(packageName: string): string {
  return packageName.replace(/[@/.]/g, '-').replace(/^-+/, '');
}

/** Labels that say nothing about which server it is. */
const GENERIC = new Set(['www', 'api', 'mcp', 'app', 'server', 'gateway']);

/** `https://api.notion.com/mcp` → `notion`; addresses and single names keep their port. */
function nameOfUrl(text: string): string {
  const { hostname, port } = new URL(text);
  const labels = hostname.split('.');
  if (labels.length < 2 || /^[\d.]+$/.test(hostname)) {
    const host = hostname.replace(/[[\]]/g, '').replace(/:+/g, '-').replace(/^-/, '');
    return port === '' ? host : `${host}-${port}`;
  }
  const telling = labels.slice(0, -1);
  return telling.find((label) => !GENERIC.has(label)) ?? telling.at(-1) ?? hostname;
}
