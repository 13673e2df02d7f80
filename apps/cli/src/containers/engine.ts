/**
 * The one place that knows how podman and docker differ. Everything else asks for what it wants: the
 * two take the same commands for the rest.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { findOnPath } from '../services/uvx-package.ts';

export const ENGINES = ['podman', 'docker'] as const;
export type EngineName = (typeof ENGINES)[number];

export interface Engine {
  readonly name: EngineName;
  /** Absolute path of its program. */
  readonly program: string;
  /** The environment of its program; see `client-env.ts`. */
  readonly env: Readonly<Record<string, string>>;
  /** Arguments of `run` that only this one needs to keep the container to what it is given. */
  readonly runArgs: readonly string[];
  /** Arguments of `run` for a container that may use the network. */
  readonly networkArgs: readonly string[];
  /** Arguments that remove containers at once, running or not. */
  readonly removeArgs: readonly string[];
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  /** The last line on stderr. */
  readonly error: string;
}

/** Whatever a proxy is named by, and its password with it. */
const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'ftp_proxy', 'all_proxy', 'no_proxy'];

/** The table for users, with what cannot be the same, is in docs/containers.md. */
const DIFFERENCES = {
  podman: {
    runArgs: [
      // Podman hands proxy variables of its own environment on.
      ...['--http-proxy=false', '--env-host=false'],
      // Its configuration may say that containers share what the machine has.
      ...['--pid=private', '--ipc=private', '--uts=private', '--cgroupns=private'],
    ],
    // As it does without a configuration: a network of its own, however it is connected.
    networkArgs: ['--network=private'],
    // It waits ten seconds for the container otherwise. Volumes: both keep those that an image
    // declares when a container is removed by force, though it was started with `--rm`.
    removeArgs: ['rm', '--force', '--volumes', '--time', '0'],
    places: [
      ['info', '--format', '{{.Host.RemoteSocket.Path}}\n{{.Store.GraphRoot}}\n{{.Store.RunRoot}}'],
    ],
    notAnswering: 'see what "podman info" says; on macOS and Windows: podman machine start',
  },
  docker: {
    // Docker hands on the proxies of its client's configuration, unless the variable is named: one
    // that is named and has no value does not exist inside.
    runArgs: [
      ...PROXY_VARIABLES.flatMap((name) => ['--env', name, '--env', name.toUpperCase()]),
      // The other namespaces are never shared unless it is asked for.
      ...['--ipc=private', '--cgroupns=private'],
    ],
    networkArgs: [],
    removeArgs: ['rm', '--force', '--volumes'],
    places: [
      // Also says what DOCKER_HOST says.
      ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'],
      ['info', '--format', '{{.DockerRootDir}}'],
    ],
    notAnswering: 'start Docker, or see what "docker info" says',
  },
} as const;

const ANSWER_MS = 15_000;

/**
 * Finds an engine that answers: the wanted one, or podman before docker.
 *
 * @throws {CliError} with exit code 1, saying what to install or to start.
 */
export async function findEngine(
  wanted: EngineName | undefined,
  env: Readonly<Record<string, string>>,
): Promise<Engine> {
  const silent: EngineName[] = [];
  for (const name of wanted === undefined ? ENGINES : [wanted]) {
    const program = await findOnPath(name, env['PATH']);
    if (program === undefined) {
      continue;
    }
    const { runArgs, networkArgs, removeArgs } = DIFFERENCES[name];
    const engine: Engine = { name, program, env, runArgs, networkArgs, removeArgs };
    if ((await runEngine(engine, ['ps', '--quiet'], ANSWER_MS)).code === 0) {
      return engine;
    }
    silent.push(name);
  }
  const [first] = silent;
  throw new CliError({
    exitCode: EXIT.failed,
    what: wanted ?? 'containers',
    why:
      first === undefined
        ? `${wanted ?? 'neither podman nor docker'} is${wanted === undefined ? '' : ' not'} installed here`
        : `${first} is installed and does not answer`,
    wayOut:
      first === undefined
        ? 'install podman or docker, or see that PATH has it'
        : DIFFERENCES[first].notAnswering,
  });
}

/**
 * Runs one command of the engine. Never rejects.
 *
 * @param timeout milliseconds
 * @param signal ends it at once
 */
export async function runEngine(
  engine: Engine,
  args: readonly string[],
  timeout: number,
  signal?: AbortSignal,
): Promise<Ran> {
  try {
    const { stdout } = await promisify(execFile)(engine.program, [...args], {
      env: { ...engine.env },
      timeout,
      ...(signal !== undefined && { signal }),
      maxBuffer: 16 * 1024 * 1024,
    });
    return { code: 0, out: stdout.trim(), error: '' };
  } catch (error) {
    return { code: exitCodeOf(error), out: '', error: lastLine(error) };
  }
}

/**
 * Where the engine takes orders and keeps its containers, as far as it is a path.
 *
 * @throws {CliError} with exit code 1, when it does not say.
 */
export async function findPlaces(engine: Engine): Promise<readonly string[]> {
  const answers = await Promise.all(
    DIFFERENCES[engine.name].places.map((args) => runEngine(engine, args, ANSWER_MS)),
  );
  const failed = answers.find(({ code }) => code !== 0);
  if (failed !== undefined) {
    throw new CliError({
      exitCode: EXIT.failed,
      what: engine.name,
      why: `does not say where it keeps its containers: ${failed.error}`,
      wayOut: DIFFERENCES[engine.name].notAnswering,
    });
  }
  // The other engine may be the one that is running.
  const named = [engine.env['DOCKER_HOST'] ?? '', engine.env['CONTAINER_HOST'] ?? ''];
  return [...named, ...answers.flatMap(({ out }) => out.split('\n'))]
    .map((text) => text.trim().replace(/^unix:\/\/(?=\/)/, ''))
    .filter((path) => path.startsWith('/'));
}

/** Whether the engine has the image already. */
export async function hasImage(engine: Engine, image: string): Promise<boolean> {
  const { code } = await runEngine(
    engine,
    ['image', 'inspect', '--format', '{{.Id}}', image],
    ANSWER_MS,
  );
  return code === 0;
}

function exitCodeOf(error: unknown): number {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : -1;
}

function lastLine(error: unknown): string {
  const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  const killed = error instanceof Error && 'killed' in error && error.killed === true;
  return text.trim().split('\n').at(-1) || (killed ? 'no answer in time' : 'it failed');
}
