/** Whether what runs could be started again: looked at before anything is stopped. */
import { resolve } from 'node:path';
import type { Io } from '../io.ts';
import type { SecretBinding } from '../secrets/secret-name.ts';
import { resolveSecrets } from '../secrets/secret-source.ts';
import { orOneLine } from '../services/policy-files.ts';
import type { SavedRun } from '../workloads/saved-run.ts';

/** @throws {CliError} when its policies cannot be used, or its secrets cannot be read */
export async function assertStartable(
  run: SavedRun,
  secrets: readonly SecretBinding[],
  io: Io,
): Promise<void> {
  const { name, workingDirectory, flags } = run;
  const policies = flags['authz-config'];
  if (typeof policies === 'string') {
    const { loadAuthorizer } = await import('@thv/authz/node');
    const file = resolve(workingDirectory, policies);
    await orOneLine(workingDirectory, () => loadAuthorizer(file, { serverName: name }));
  }
  await resolveSecrets(
    secrets.map(({ secret }) => secret),
    io,
  );
}
