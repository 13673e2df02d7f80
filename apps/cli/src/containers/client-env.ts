/**
 * The environment of the engine's program, and how a container is given variables: by name, with the
 * value in the program's environment, since process lists show arguments. Pure.
 */
import { usageError } from '../cli-error.ts';
import { LOADER_VARIABLES } from '../services/loader-variables.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the program needs to find its configuration, its storage and its engine. */
const NEEDED =
  /^(PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TMPDIR|XDG_\w+|DOCKER_\w+|CONTAINERS?_\w+|REGISTRY_AUTH_FILE|DBUS_SESSION_BUS_ADDRESS|SSH_AUTH_SOCK)$/;

export function engineEnvironment(parent: Environment): Readonly<Record<string, string>> {
  const env = new Map<string, string>();
  for (const [name, value] of Object.entries(parent)) {
    if (value !== undefined && NEEDED.test(name)) {
      env.set(name, value);
    }
  }
  return Object.fromEntries(env);
}

/** Paths, which hide nothing and which the program itself must not be given. */
const PLAIN = /^(PATH|HOME|TMPDIR)$/;

/** What would steer the program or the shell that starts it, outside of the container. */
const STEERING = new RegExp(
  `^(?:${[
    LOADER_VARIABLES,
    '(?:DOCKER|BUILDKIT|COMPOSE|_?CONTAINERS?|PODMAN|BUILDAH|STORAGE|NETAVARK|CNI|_?OCI|XDG|SSH|DBUS|LISTEN)_\\w+',
    'USER|LOGNAME|REGISTRY_AUTH_FILE|NOTIFY_SOCKET|OLDPWD|POSIXLY_CORRECT|TZDIR',
    'GODEBUG|GOTRACEBACK|GOMAXPROCS|GOMEMLIMIT|GOGC|GOCOVERDIR',
  ].join('|')})$`,
);

export interface ContainerVariables {
  /** Arguments of `run`. */
  readonly args: readonly string[];
  /** What the program's environment has besides. */
  readonly env: Readonly<Record<string, string>>;
}

/** @throws {CliError} with exit code 2, for a variable that would act outside of the container. */
export function passVariables(variables: ReadonlyMap<string, string>): ContainerVariables {
  const args: string[] = [];
  const env = new Map<string, string>();
  for (const [name, value] of variables) {
    if (STEERING.test(name)) {
      throw usageError(
        `the variable ${name}`,
        'would act on the container engine as well',
        'set it in the image',
      );
    }
    if (PLAIN.test(name)) {
      args.push('--env', `${name}=${value}`);
    } else {
      args.push('--env', name);
      env.set(name, value);
    }
  }
  return { args, env: Object.fromEntries(env) };
}
