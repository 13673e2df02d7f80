/** Reads what a container may reach, in the form that catalogues and profile files share. Pure. */
import type { Permissions } from '../catalogue/catalogue.ts';
import { usageError } from '../cli-error.ts';
import type { DataReader } from '../data-reader.ts';

/** @throws {CliError} with exit code 2, for unknown keys and for what is never granted. */
export function readPermissions(data: DataReader): Permissions {
  const permissions: Permissions = {
    read: data.texts('read'),
    write: data.texts('write'),
    network: readNetwork(data.object('network')),
    writableRoot: data.flag('writable_root') ?? false,
  };
  data.ignore(['name']);
  if (data.flag('privileged') === true) {
    throw usageError(data.where, 'privileged containers are never started', 'drop it');
  }
  data.end();
  return permissions;
}

function readNetwork(data: DataReader | undefined): Permissions['network'] {
  if (data === undefined) {
    return 'none';
  }
  const mode = data.text('mode');
  if (mode !== undefined && mode !== 'none' && mode !== 'bridge') {
    throw usageError(data.where, `mode ${JSON.stringify(mode)} is neither none nor bridge`);
  }
  const outbound = data.object('outbound');
  const isOpen = outbound?.flag('insecure_allow_all') === true;
  const hosts = outbound?.texts('allow_host') ?? [];
  // Ports narrow down hosts; by themselves they would name nothing that can be reached.
  outbound?.ignore(['allow_port']);
  outbound?.end();
  if (data.object('inbound') !== undefined) {
    throw usageError(data.where, 'inbound limits cannot be enforced', 'drop them');
  }
  data.end();
  if (mode === 'none') {
    return 'none';
  }
  if (isOpen || (mode === 'bridge' && outbound === undefined)) {
    return 'all';
  }
  return hosts.length === 0 ? 'none' : { hosts };
}
