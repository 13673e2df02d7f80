/** The arguments with which a container is started: as little as a server needs. Pure. */
import type { Engine } from './engine.ts';
import { toMountArgs, type Volume } from './volumes.ts';

export interface ContainerSpec {
  readonly image: string;
  readonly args: readonly string[];
  /** Stdin stays connected. */
  readonly interactive: boolean;
  readonly network: boolean;
  readonly writableRoot: boolean;
  readonly volumes: readonly Volume[];
  /** Arguments that pass variables. */
  readonly variables: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Published on loopback only. */
  readonly publish: { readonly hostPort: number; readonly targetPort: number } | undefined;
}

/** What a server may use. Enough for a browser; too little for a fork bomb. */
const LIMITS = ['--memory=1g', '--memory-swap=1g', '--pids-limit=512'] as const;

export function buildRunArgs(engine: Engine, spec: ContainerSpec): readonly string[] {
  const { hostPort, targetPort } = spec.publish ?? {};
  return [
    'run',
    '--rm',
    ...(spec.interactive ? ['--interactive'] : []),
    // What is not here has been downloaded before, under the eyes of the user, or is an error.
    '--pull=never',
    // What clients and servers say to each other is nobody's log.
    '--log-driver=none',
    '--cap-drop=ALL',
    '--security-opt=no-new-privileges',
    ...(spec.writableRoot ? [] : ['--read-only']),
    '--tmpfs=/tmp:rw,nosuid,nodev,size=256m,mode=1777',
    ...LIMITS,
    ...engine.runArgs,
    ...(spec.network ? engine.networkArgs : ['--network=none']),
    ...Object.entries(spec.labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    ...spec.variables,
    ...spec.volumes.flatMap(toMountArgs),
    ...(hostPort === undefined ? [] : ['--publish', `127.0.0.1:${hostPort}:${targetPort}`]),
    spec.image,
    ...spec.args,
  ];
}
