/** What is remembered of a workload: how it is run, and the process that runs it. Versioned. */
import { usageError } from '../cli-error.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { RUN_KEYS, runFromJson, runToJson, type SavedRun } from './saved-run.ts';
import { checkKeys, isText, readRecord } from './strict-json.ts';

const SCHEMA_VERSION = 1;

export interface WorkloadRecord {
  readonly run: SavedRun;
  readonly createdAt: string;
  /** The proxy's process, unless it was stopped. Whether it lives has to be looked at. */
  readonly process: WorkloadProcess | undefined;
  /** Why the last start failed. */
  readonly failure: string | undefined;
  /** Where the proxy listened last; clients have its URL in their configuration. */
  readonly lastPort: number | undefined;
}

export interface WorkloadProcess extends ProcessIdentity {
  /** Shows the process that it is talked to by whoever started it. */
  readonly token: string;
  /** Path of its control socket. */
  readonly socket: string;
  readonly startedAt: string;
  /** Undefined until it serves. */
  readonly url: string | undefined;
}

/** Thrown for a file that a later version of thv wrote, which is not damaged. */
export class NewerSchemaError extends Error {
  override readonly name: string = 'NewerSchemaError';
}

export function recordToText(record: WorkloadRecord): string {
  const { run, createdAt, process, failure, lastPort } = record;
  const json = {
    schema_version: SCHEMA_VERSION,
    ...runToJson(run),
    created_at: createdAt,
    process: process === undefined ? null : processToJson(process),
    ...(failure !== undefined && { failure }),
    ...(lastPort !== undefined && { last_port: lastPort }),
  };
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

/** @throws when the text is no record, in whatever way. */
export function recordFromText(text: string): WorkloadRecord {
  const json = readRecord(JSON.parse(text), 'state');
  const { schema_version: version, created_at: createdAt, process, failure, last_port } = json;
  if (typeof version === 'number' && version > SCHEMA_VERSION) {
    throw new NewerSchemaError(`schema version ${version}`);
  }
  checkKeys(json, RECORD_KEYS, 'state');
  const run = Object.fromEntries(Object.entries(json).filter(([key]) => RUN_KEYS.includes(key)));
  if (version !== SCHEMA_VERSION || !isDate(createdAt)) {
    throw usageError('state', 'has no version or date');
  }
  return {
    run: runFromJson(run, { where: 'state', cwd: '/' }),
    createdAt,
    process: process === null ? undefined : processFromJson(readRecord(process, 'process')),
    failure: isText(failure) ? failure : undefined,
    lastPort: typeof last_port === 'number' ? last_port : undefined,
  };
}

const RECORD_KEYS = [
  'schema_version',
  ...RUN_KEYS,
  'created_at',
  'process',
  'failure',
  'last_port',
];
const PROCESS_KEYS = ['pid', 'start', 'mark', 'boot', 'token', 'socket', 'started_at', 'url'];

function processToJson({ startedAt, url, ...rest }: WorkloadProcess) {
  return { ...rest, started_at: startedAt, url: url ?? null };
}

function processFromJson(json: Readonly<Record<string, unknown>>): WorkloadProcess {
  checkKeys(json, PROCESS_KEYS, 'process');
  const { pid, start, mark, boot, token, socket, started_at: startedAt, url } = json;
  if (
    !(Number.isSafeInteger(pid) && Number(pid) > 1) ||
    !isText(start) ||
    // A short one would stand on anybody's command line.
    !(isText(mark) && /^[0-9a-f]{32}$/.test(mark)) ||
    !isText(boot) ||
    !isText(token) ||
    token === '' ||
    !isText(socket) ||
    !isDate(startedAt)
  ) {
    throw usageError('process', 'is incomplete');
  }
  return {
    pid: Number(pid),
    start,
    mark,
    boot,
    token,
    socket,
    startedAt,
    url: isText(url) ? url : undefined,
  };
}

function isDate(value: unknown): value is string {
  return isText(value) && !Number.isNaN(Date.parse(value));
}
