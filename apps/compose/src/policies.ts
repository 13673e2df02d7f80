/** Loads the authorization file, and again whenever it changes (D32). */

import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type AuthzConfig, AuthzError, createAuthorizer } from '@thv/authz';
import { createTokenReader, loadAuthzConfig, loadCedar } from '@thv/authz/node';
import type { PolicyEngine } from '@thv/proxy';
import type { LogEvent } from './config.ts';

export interface PoliciesOptions {
  readonly file: string;
  readonly serverName: string;
  readonly log: (event: LogEvent) => void;
  /** Milliseconds between looks at the files. Default 1000. */
  readonly interval?: number;
}

/** Policies that follow their files. */
export interface Policies {
  readonly engine: PolicyEngine;
  /** True while the files hold something that cannot be used; the last good set decides then. */
  readonly degraded: () => boolean;
  readonly close: () => void;
}

/**
 * Loads the policies and keeps looking at their files.
 *
 * Looking, rather than being told: mounted configuration is swapped by links that no watcher reports.
 *
 * @throws AuthzError when the files cannot be used now
 */
export async function loadPolicies(options: PoliciesOptions): Promise<Policies> {
  const { file, serverName, log } = options;
  const [first, cedar] = await Promise.all([readSettled(file), loadCedar()]);
  const bearerToken = createTokenReader(file);
  const authorizer = createAuthorizer(first.config, { cedar, serverName, bearerToken });
  let { paths, mark } = first;
  let degraded = false;
  let looking = false;

  const reload = async (): Promise<void> => {
    try {
      const read = await readSettled(file);
      authorizer.reload(read.config);
      ({ paths, mark } = read);
      degraded = false;
      log({ level: 'info', message: 'policies were reloaded', detail: { file } });
    } catch (error) {
      degraded = true;
      const why = error instanceof Error ? error.message : String(error);
      log({
        level: 'error',
        message: `policies were not reloaded, the last good ones stay: ${why}`,
      });
    }
  };

  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      const now = await fingerprint(paths);
      if (now === mark) return;
      mark = now;
      await reload();
    } finally {
      looking = false;
    }
  };

  // `look` reports every failure itself.
  const timer = setInterval(() => void look(), options.interval ?? 1000);
  timer.unref();
  return { engine: authorizer, degraded: () => degraded, close: () => clearInterval(timer) };
}

interface SettledRead {
  readonly config: AuthzConfig;
  readonly paths: readonly string[];
  /** Taken before the files were read, so that no later change goes unseen. */
  readonly mark: string;
}

async function readSettled(file: string): Promise<SettledRead> {
  await assertCanBeFollowed(file);
  let config = await loadAuthzConfig(file);
  for (;;) {
    const paths = pathsOf(config, file);
    const mark = await fingerprint(paths);
    config = await loadAuthzConfig(file);
    if (pathsOf(config, file).join('\n') === paths.join('\n')) return { config, paths, mark };
  }
}

/** What a pipe holds is there once, and nothing is there for the next look. */
async function assertCanBeFollowed(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFIFO() === true) {
    const problem = 'it is a pipe, which cannot be read again: name a file';
    throw new AuthzError('ERR_AUTHZ_FILE', problem, { location: { file } });
  }
}

/** The files themselves, and the folders in which policy files may appear. */
function pathsOf(config: AuthzConfig, file: string): readonly string[] {
  if (config.type !== 'cedarv1') return [file];
  const names = config.cedar.policies.map((policy) => policy.file);
  const files = names.filter((name) => name !== undefined && resolve(name) !== resolve(file));
  return [...new Set([file, ...files, ...files.map((name) => dirname(name ?? file))])] as string[];
}

/** Changes whenever a file is written, replaced or removed. */
async function fingerprint(paths: readonly string[]): Promise<string> {
  const marks = await Promise.all(
    paths.map(async (path) => {
      try {
        const { ino, size, mtimeMs, ctimeMs } = await stat(path);
        // `permit` and `forbid` are of one length, archives set dates, and systems reuse numbers of
        // files: all but ctime can be the same for other policies.
        return `${ino}:${size}:${mtimeMs}:${ctimeMs}`;
      } catch {
        // A file that is away for a moment is a change like any other; loading it says what is wrong.
        return 'none';
      }
    }),
  );
  return marks.join(' ');
}
