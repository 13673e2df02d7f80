/**
 * Images for tests, made of busybox and a few scripts, on the podman of this machine. Nothing is
 * pulled. Where podman cannot run a container, `reason` says so and the tests are skipped.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

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

export interface PodmanImages {
  /** Why there are no containers here; undefined when there are. */
  readonly reason: string | undefined;
  /** A server on stdio; arguments replace its script. */
  readonly image: string;
  /** What thv and podman need in their environment. */
  readonly env: Readonly<Record<string, string>>;
  podman(...args: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

/** Some sandboxes forbid what podman does by default. */
const MODEST = `[engine]\nruntime = "runc"\n[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n`;

export async function preparePodman(): Promise<PodmanImages> {
  const folder = await mkdtemp(join(tmpdir(), 'thv-podman-'));
  const image = `localhost/thv-test-${randomBytes(4).toString('hex')}:1`;
  const own = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? folder };
  const modest = { ...own, CONTAINERS_CONF: join(folder, 'containers.conf') };
  const run = async (env: Readonly<Record<string, string>>, args: readonly string[]) =>
    (await promisify(execFile)('podman', [...args], { env: { ...env } })).stdout.trim();
  const result = (reason: string | undefined, env: PodmanImages['env']): PodmanImages => ({
    ...{ reason, image, env },
    podman: (...args) => run(env, args),
    async remove() {
      if (reason === undefined) {
        await run(env, ['rmi', '--force', image]);
      }
      await rm(folder, { recursive: true, force: true });
    },
  });
  if (process.platform !== 'linux') {
    return result('the tests look at processes of Linux', own);
  }
  try {
    await run(own, ['--version']);
  } catch {
    return result('podman is not installed', own);
  }
  try {
    await mkdir(join(folder, 'image/bin'), { recursive: true });
    await copyFile('/bin/busybox', join(folder, 'image/bin/busybox'));
    for (const [name, text] of Object.entries(FILES)) {
      await writeFile(join(folder, 'image', name), text);
    }
    await writeFile(
      join(folder, 'Dockerfile'),
      'FROM scratch\nCOPY image /\nENV PATH=/bin\nENTRYPOINT ["/bin/busybox", "sh"]\nCMD ["/stdio.sh"]\n',
    );
    await writeFile(modest.CONTAINERS_CONF, MODEST);
    await run(own, ['build', '--quiet', '--tag', image, folder]);
  } catch {
    return result('there is no static busybox to make an image of', own);
  }
  for (const env of [own, modest]) {
    const works = await run(env, ['run', '--rm', '--network=none', image, '-c', 'exit 0']).then(
      () => true,
      () => false,
    );
    if (works) {
      return result(undefined, env);
    }
  }
  return result('podman cannot run a container', own);
}
