/** Reads `--enable-audit` and the file of `--audit-config`: where the audit log goes, what is in it. */
import { dirname, join, resolve } from 'node:path';
import type { AuditConfig } from '@thv/compose';
import { usageError } from '../cli-error.ts';
import { findStateFolders } from '../workloads/state-folders.ts';
import { parseOptionFile, readMapping } from './option-file.ts';
import type { Surroundings } from './sign-in-options.ts';
import { readTextFile } from './text-file.ts';

/** What the flags say; the file of it is read later. */
export interface AuditPlan {
  /** `undefined`: the default log, names of arguments, not required. */
  readonly file: string | undefined;
}

const KEYS = ['log_file', 'required', 'arguments'] as const;
const ARGUMENTS = ['names', 'values', 'none'] as const;

/**
 * The audit log of a server.
 *
 * @throws {CliError} with exit code 2, naming the file and the place in it.
 */
export async function readAuditConfig(
  plan: AuditPlan,
  name: string,
  { env, cwd }: Surroundings,
): Promise<AuditConfig> {
  if (plan.file === undefined) return { sink: defaultSink(name, env) };
  const file = resolve(cwd, plan.file);
  const parsed = parseAuditConfig(
    await readTextFile('--audit-config', plan.file, { cwd }),
    plan.file,
  );
  const { logFile, ...rest } = parsed;
  if (logFile === undefined) return { ...rest, sink: defaultSink(name, env) };
  return {
    ...rest,
    sink:
      logFile === '-'
        ? { kind: 'stdout' }
        : { kind: 'file', path: resolve(dirname(file), logFile) },
  };
}

/**
 * For a server in the background, whose stdout nobody reads.
 *
 * @throws {CliError} with exit code 2.
 */
export function assertAuditIsKept(audit: AuditConfig | undefined): void {
  if (audit?.sink.kind !== 'stdout') return;
  throw usageError(
    '--audit-config',
    'log_file is stdout, which nobody reads when the server runs in the background',
    'name a file, or add -f',
  );
}

/** What the file of `--audit-config` may say. */
export interface ParsedAuditConfig extends Omit<AuditConfig, 'sink'> {
  readonly logFile?: string;
}

/**
 * Parses `{log_file, required, arguments}`, JSON or YAML.
 *
 * @param file for messages
 * @throws {CliError} with exit code 2.
 */
export function parseAuditConfig(text: string, file: string): ParsedAuditConfig {
  const value = parseOptionFile(text, file) ?? {};
  const members = readMapping(value, file, { known: KEYS, hints: ELSEWHERE });
  const { log_file: logFile, required, arguments: kept } = members;
  if (logFile !== undefined && (typeof logFile !== 'string' || logFile === '')) {
    throw usageError(`${file}: log_file`, 'must be a path', 'write - for stdout');
  }
  if (required !== undefined && typeof required !== 'boolean') {
    throw usageError(`${file}: required`, 'must be true or false');
  }
  const found = ARGUMENTS.find((one) => one === kept);
  if (kept !== undefined && found === undefined) {
    throw usageError(`${file}: arguments`, `must be one of ${ARGUMENTS.join(', ')}`);
  }
  return {
    ...(logFile !== undefined && { logFile }),
    ...(required !== undefined && { required }),
    ...(found !== undefined && { arguments: found }),
  };
}

/** Keys that files for other programs have, and what stands for them here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  enabled: 'leave it out: the flag alone turns the audit log on',
  component: 'leave it out: the field "server" is the name of the server',
  eventTypes: 'leave it out: every request is recorded',
  excludeEventTypes: 'leave it out: every request is recorded',
  includeRequestData: 'did you mean "arguments": "values"?',
  includeResponseData: 'leave it out: answers are never recorded',
};

function defaultSink(name: string, env: Surroundings['env']): AuditConfig['sink'] {
  return { kind: 'file', path: join(findStateFolders(env).logs, `${name}.audit.log`) };
}
