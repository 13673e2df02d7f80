/** Writes an entry as a catalogue of its own, so that a saved run can be started as it was. Pure. */
import type { CatalogueEntry, CatalogueInput, Permissions } from './catalogue.ts';

/** What `readCatalogue` reads as a catalogue with this entry alone. */
export function toCatalogueJson(entry: CatalogueEntry): Readonly<Record<string, unknown>> {
  const { name, kind, server, args, headers, targetPort, permissions } = entry;
  const common = {
    ...(entry.description !== '' && { description: entry.description }),
    transport: entry.transport,
    ...(entry.variables.length > 0 && { env_vars: entry.variables.map(inputToJson) }),
    ...(entry.tools.length > 0 && { tools: entry.tools }),
    ...(entry.deprecated && { status: 'Deprecated' }),
  };
  if (kind === 'url') {
    const sent = headers.length > 0 && { headers: headers.map(inputToJson) };
    return { remote_servers: { [name]: { ...common, url: server, ...sent } } };
  }
  return {
    servers: {
      [name]: {
        ...common,
        [kind]: server,
        ...(args.length > 0 && { args }),
        ...(targetPort !== undefined && { target_port: targetPort }),
        ...(permissions !== undefined && { permissions: permissionsToJson(permissions) }),
      },
    },
  };
}

function inputToJson(input: CatalogueInput) {
  const { name, description, required, secret, default: fallback } = input;
  return {
    name,
    ...(description !== '' && { description }),
    ...(required && { required }),
    ...(secret && { secret }),
    ...(fallback !== undefined && { default: fallback }),
  };
}

function permissionsToJson({ read, write, network, writableRoot }: Permissions) {
  return {
    ...(read.length > 0 && { read }),
    ...(write.length > 0 && { write }),
    ...(network === 'all' && { network: { outbound: { insecure_allow_all: true } } }),
    ...(typeof network === 'object' && { network: { outbound: { allow_host: network.hosts } } }),
    ...(writableRoot && { writable_root: true }),
  };
}
