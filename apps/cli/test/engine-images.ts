/**
 * Images for tests, made of busybox and a few scripts, in an engine of this machine. Nothing is pulled.
 * Where the engine cannot run a container, `reason` says so and the tests are skipped.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ENGINES, type EngineName } from '../src/containers/engine.ts';

/** Speaks MCP over stdio, as far as the tests need it. */
const STDIO = `
while read -r line; do
  id=$(printf '%s' "$line" | busybox sed -n 's/.*"id":\\("[^"]*"\\|[0-9]*\\).*/\\1/p')
  case $line in
    *'"method":"initialize"'*) result='{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"box","version":"1"}}' ;;
    *'"method":"tools/call"'*)
      seen=$(busybox env; busybox grep -E '^(CapEff|NoNewPrivs)' /proc/self/status; busybox ls /sys/class/net; busybox touch /new 2>&1; busybox touch /tmp/new && echo tmp-ok)
      seen=$(printf '%s' "$seen" | busybox tr '\\n\\t"' '   ')
      result='{"content":[{"type":"text","text":"'$seen'"}]}' ;;
    *) continue ;;
  esac
  printf '%s\\n' '{"jsonrpc":"2.0","id":'$id',"result":'"$result"'}'
done
`;
/** The same over HTTP, one process per request. */
const HTTP = `
length=0
read -r request
while read -r line; do
  line=$(printf '%s' "$line" | busybox tr -d '\\r')
  [ -z "$line" ] && break
  case $line in [Cc]ontent-[Ll]ength:*) length=\${line#*: } ;; esac
done
case $request in POST*) ;; *) printf 'HTTP/1.1 405 No\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n'; exit ;; esac
answer=$(busybox head -c "$length" | { busybox cat; echo; } | busybox sh /stdio.sh)
printf 'HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %s\\r\\nConnection: close\\r\\n\\r\\n%s' "\${#answer}" "$answer"
`;
const FILES = {
  'stdio.sh': STDIO,
  'http.sh': HTTP,
  /** Serves, and then stays, whatever it is told. */
  'deaf.sh': "trap '' TERM INT HUP\nbusybox sh /stdio.sh\nwhile :; do busybox sleep 1; done\n",
} as const;

export interface EngineImages {
  readonly name: EngineName;
  /** Why there are no containers here; undefined when there are. */
  readonly reason: string | undefined;
  /** For the title of its tests. */
  readonly title: string;
  /** A server on stdio that declares a volume; arguments replace its script. */
  readonly image: string;
  /** What thv and the engine need in their environment. */
  readonly env: Readonly<Record<string, string>>;
  /** One command of the engine; rejects when it fails. */
  run(...args: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

type Env = Readonly<Record<string, string>>;

/** A configuration by which containers share everything, unless they are told not to. */
const SHARING = ['[containers]', ...['net', 'pid', 'ipc', 'uts', 'cgroup'].map(shareAll), ''];
const PRIVATE = ['--pid=private', '--ipc=private', '--uts=private', '--cgroupns=private'];
/** Some sandboxes forbid what podman does by default. */
const MODEST = [
  ...['[engine]', 'runtime = "runc"', ...SHARING],
  ...['default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]', ''],
];
/** Which docker gives to every container, unless it is told not to. */
const PROXIES = { proxies: { default: { httpProxy: 'http://hunter2', noProxy: 'hunter2' } } };
const IMAGE = ['ENV PATH=/bin', 'VOLUME /vol', 'ENTRYPOINT ["/bin/busybox", "sh"]'];
const COMMAND_MS = 30_000;

export function prepareEngines(): Promise<readonly EngineImages[]> {
  return Promise.all(ENGINES.map(prepareEngine));
}

async function prepareEngine(name: EngineName): Promise<EngineImages> {
  const folder = await mkdtemp(join(tmpdir(), `thv-${name}-`));
  const image = `localhost/thv-test-${randomBytes(4).toString('hex')}:1`;
  const environments = await writeEnvironments(name, folder);
  const run = async (env: Env, args: readonly string[]) =>
    (
      await promisify(execFile)(name, [...args], { env: { ...env }, timeout: COMMAND_MS })
    ).stdout.trim();
  const works = (env: Env, ...args: readonly string[]) =>
    run(env, args).then(
      () => true,
      () => false,
    );
  const result = (reason: string | undefined, env: Env): EngineImages => ({
    ...{ name, reason, image, env },
    title: reason === undefined ? name : `${name} (skipped: ${reason})`,
    run: (...args) => run(env, args),
    async remove() {
      if (reason === undefined) {
        await run(env, ['rmi', '--force', image]);
      }
      await rm(folder, { recursive: true, force: true });
    },
  });
  const [usual] = environments;
  if (process.platform !== 'linux') {
    return result('the tests look at processes of Linux', usual);
  }
  if (!(await works(usual, '--version'))) {
    return result('it is not installed', usual);
  }
  if (!(await works(usual, 'ps', '--quiet'))) {
    return result('it does not answer', usual);
  }
  try {
    const archive = await writeArchive(folder);
    const changes = [...IMAGE, 'CMD ["/stdio.sh"]'].flatMap((line) => ['--change', line]);
    await run(usual, ['import', ...changes, archive, image]);
  } catch {
    return result('there is no static busybox to make an image of', usual);
  }
  for (const env of environments) {
    const own = name === 'podman' ? PRIVATE : [];
    const networks = ['--network=none', ...(name === 'podman' ? ['--network=private'] : [])];
    const tries = networks.map((network) =>
      works(env, 'run', '--rm', network, ...own, image, '-c', 'exit 0'),
    );
    if ((await Promise.all(tries)).every(Boolean)) {
      return result(undefined, env);
    }
  }
  return result('it cannot run a container', usual);
}

/** The one to try first is first. */
async function writeEnvironments(
  name: EngineName,
  folder: string,
): Promise<readonly [Env, ...Env[]]> {
  const { PATH = '', HOME = folder, DOCKER_HOST } = process.env;
  if (name === 'docker') {
    await writeFile(join(folder, 'config.json'), JSON.stringify(PROXIES));
    return [
      { PATH, HOME, DOCKER_CONFIG: folder, ...(DOCKER_HOST !== undefined && { DOCKER_HOST }) },
    ];
  }
  const [sharing, modest] = [join(folder, 'sharing.conf'), join(folder, 'modest.conf')];
  await writeFile(sharing, SHARING.join('\n'));
  await writeFile(modest, MODEST.join('\n'));
  return [
    { PATH, HOME, CONTAINERS_CONF: sharing },
    { PATH, HOME, CONTAINERS_CONF: modest },
    { PATH, HOME },
  ];
}

function shareAll(what: string): string {
  return `${what}ns = "host"`;
}

/** The files of the image, as both engines import them. */
async function writeArchive(folder: string): Promise<string> {
  const root = join(folder, 'image');
  await mkdir(join(root, 'bin'), { recursive: true });
  await copyFile('/bin/busybox', join(root, 'bin/busybox'));
  for (const [name, text] of Object.entries(FILES)) {
    await writeFile(join(root, name), text);
  }
  const archive = join(folder, 'image.tar');
  await promisify(execFile)('tar', ['-c', '-f', archive, '-C', root, '.']);
  return archive;
}
