/** Reads a catalogue: a JSON file with the maps `servers` and `remote_servers`. Pure. */
import { usageError } from '../cli-error.ts';
import { isImageReference } from '../containers/image-reference.ts';
import { readPermissions } from '../containers/permissions.ts';
import { type DataReader, readObject } from '../data-reader.ts';
import { TRANSPORTS, type Transport } from '../services/flag-words.ts';
import { VARIABLE_NAME } from '../services/variable-name.ts';
import {
  type Catalogue,
  type CatalogueEntry,
  type CatalogueInput,
  isCatalogueName,
} from './catalogue.ts';
import { isSteeringVariable } from './steering-variables.ts';

const HEADER = /^[A-Za-z0-9][A-Za-z0-9-]*$/;

/** For people and for other programs; nothing here depends on it. */
const ABOUT = [
  ...['name', 'title', 'overview', 'tier', 'tags', 'metadata', 'custom_metadata', 'icons'],
  ...['repository_url', 'docker_tags', 'provenance', 'tool_definitions', 'proxy_port'],
] as const;

/**
 * Reads the text of a catalogue. Entries are read when they are looked up, so that one that needs a
 * newer thv does not hide the others.
 *
 * @param source where it is from, for messages
 * @throws {CliError} with exit code 2, when it is no catalogue
 */
export function parseCatalogue(text: string, source: string): Catalogue {
  return readCatalogue(parseJson(text, source), source);
}

/** The same for data that has been read already. */
export function readCatalogue(value: unknown, source: string): Catalogue {
  const data = readObject(value, source);
  data.ignore(['$schema', 'version', 'last_updated', 'groups']);
  const local = data.members('servers');
  const remote = data.members('remote_servers');
  data.end();
  const names = [...local.keys(), ...remote.keys()];
  if (names.length === 0) {
    throw usageError(source, 'has no servers');
  }
  const wrong = names.find((name) => !isCatalogueName(name));
  if (wrong !== undefined) {
    throw usageError(source, `${JSON.stringify(wrong)} is not a name`);
  }
  const twice = [...local.keys()].find((name) => remote.has(name));
  if (twice !== undefined) {
    throw usageError(source, `${twice} is in servers and in remote_servers`);
  }
  return {
    source,
    names: names.toSorted(),
    find: (name) => {
      const where = `${source}: ${name}`;
      if (local.has(name)) {
        return readLocal(name, readObject(local.get(name), where));
      }
      return remote.has(name) ? readRemote(name, readObject(remote.get(name), where)) : undefined;
    },
  };
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw usageError(source, 'is not JSON');
  }
}

function readLocal(name: string, data: DataReader): CatalogueEntry {
  const image = data.text('image');
  const pack = data.text('package');
  if ((image === undefined) === (pack === undefined)) {
    throw usageError(data.where, 'needs either an image or a package');
  }
  const targetPort = data.integer('target_port', 1, 65_535);
  const permissions = data.object('permissions');
  const entry: CatalogueEntry = {
    ...readCommon(name, data, 'stdio'),
    server: image ?? pack ?? '',
    kind: image === undefined ? 'package' : 'image',
    args: data.texts('args'),
    headers: [],
    ...(targetPort !== undefined && { targetPort }),
    ...(permissions !== undefined && { permissions: readPermissions(permissions) }),
  };
  data.end();
  if (entry.kind === 'package' && !/^(npx|uvx):\/\//.test(entry.server)) {
    throw usageError(data.where, 'package is not npx://… or uvx://…');
  }
  if (entry.kind === 'image' && !isImageReference(entry.server)) {
    throw usageError(data.where, 'image is no reference of an image, with a path, tag or digest');
  }
  if (entry.kind === 'package' && entry.transport !== 'stdio') {
    throw usageError(data.where, 'a package speaks over stdio');
  }
  const steering = entry.variables.find(
    (variable) => variable.default !== undefined && isSteeringVariable(variable.name),
  );
  if (entry.kind === 'package' && steering !== undefined) {
    throw usageError(
      data.where,
      `a value for ${steering.name} could make it run another package`,
      'drop its default; whoever wants it gives it with -e',
    );
  }
  return entry;
}

function readRemote(name: string, data: DataReader): CatalogueEntry {
  const url = data.text('url');
  if (url === undefined || !/^https?:\/\//i.test(url)) {
    throw usageError(data.where, 'url is not an http(s) URL');
  }
  data.ignore(['oauth_config']);
  const entry: CatalogueEntry = {
    ...readCommon(name, data, 'sse'),
    server: url,
    kind: 'url',
    args: [],
    headers: data.objects('headers').map((header) => readInput(header, HEADER)),
  };
  data.end();
  return entry;
}

function readCommon(name: string, data: DataReader, fallback: Transport) {
  data.ignore(ABOUT);
  return {
    name,
    description: data.text('description') ?? '',
    transport: readTransport(data) ?? fallback,
    variables: data.objects('env_vars').map((variable) => readInput(variable, VARIABLE_NAME)),
    tools: data.texts('tools'),
    deprecated: data.text('status') === 'Deprecated',
  };
}

function readTransport(data: DataReader): Transport | undefined {
  const given = data.text('transport');
  const transport = TRANSPORTS.find((known) => known === given);
  if (given !== undefined && transport === undefined) {
    throw usageError(data.where, `transport is none of ${TRANSPORTS.join(', ')}`);
  }
  return transport;
}

function readInput(data: DataReader, pattern: RegExp): CatalogueInput {
  const name = data.text('name');
  if (name === undefined || !pattern.test(name)) {
    throw usageError(data.where, 'name is not a name');
  }
  data.ignore(['choices']);
  const fallback = data.text('default');
  const input: CatalogueInput = {
    name,
    description: data.text('description') ?? '',
    required: data.flag('required') ?? false,
    secret: data.flag('secret') ?? false,
    ...(fallback !== undefined && { default: fallback }),
  };
  data.end();
  return input;
}
