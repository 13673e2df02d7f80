/** The flags of `thv run` about containers, and what they mean together. Pure. */
import type { CatalogueEntry, Permissions } from '../catalogue/catalogue.ts';
import { usageError } from '../cli-error.ts';
import type { Transport } from '../services/flag-words.ts';
import { assertNotGiven } from '../services/idle-flags.ts';
import type { ServerChoice } from '../services/server-argument.ts';
import type { EngineName } from './engine.ts';

export interface ContainerFlags {
  readonly engine?: EngineName;
  readonly transport?: Transport;
  readonly targetPort?: number;
  readonly volume?: readonly string[];
  readonly permissionProfile?: string;
}

/** What is known before anything is read or started: plain data. */
export interface ContainerPlan {
  readonly engine: EngineName | undefined;
  readonly transport: Transport;
  /** Where it listens inside, unless it speaks over stdio. */
  readonly targetPort: number | undefined;
  readonly volumes: readonly string[];
  readonly profile: string | undefined;
  readonly permissions: Permissions | undefined;
}

/**
 * @returns undefined for a server that is no container
 * @throws {CliError} with exit code 2, for flags that would do nothing (D1)
 */
export function planContainer(
  flags: ContainerFlags,
  { server, entry }: ServerChoice,
): ContainerPlan | undefined {
  const { engine, volume, permissionProfile: profile } = flags;
  if (server.kind !== 'container') {
    assertNotGiven(
      [
        ['--engine', engine],
        ['--target-port', flags.targetPort],
        ['--volume', volume],
        ['--permission-profile', profile],
      ],
      'is for container images',
      'leave it out',
    );
    return undefined;
  }
  const transport = chooseTransport(flags, entry);
  const targetPort = flags.targetPort ?? entry?.targetPort;
  if (transport === 'stdio' && flags.targetPort !== undefined) {
    throw usageError('--target-port', 'means nothing to a server on stdio', 'add --transport');
  }
  if (transport !== 'stdio' && (targetPort === undefined || targetPort === 0)) {
    throw usageError('--target-port', 'missing', `say where it listens for ${transport}`);
  }
  if (transport !== 'stdio' && profile === 'none') {
    throw usageError(
      '--permission-profile',
      'none would leave nothing to reach the server by',
      'use network, or a server on stdio',
    );
  }
  return {
    engine,
    transport,
    targetPort: transport === 'stdio' ? undefined : targetPort,
    volumes: volume ?? [],
    profile,
    permissions: entry?.permissions,
  };
}

function chooseTransport(flags: ContainerFlags, entry: CatalogueEntry | undefined): Transport {
  if (flags.transport !== undefined) {
    return flags.transport;
  }
  return entry?.transport ?? (flags.targetPort === undefined ? 'stdio' : 'streamable-http');
}
