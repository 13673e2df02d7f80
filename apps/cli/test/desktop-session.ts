/** A session as a desktop has it: a bus of its own with an unlocked key ring, and its files in a folder. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

export interface DesktopSession {
  /** What programs of the session have in their environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs one of them; its stdout. */
  run(command: string, args: readonly string[], input?: string | Buffer): Promise<string>;
  /** Locks the key ring. Without a display nobody can be asked to unlock it. */
  lock(): Promise<void>;
  end(): Promise<void>;
}

const NEEDED = ['dbus-run-session', 'dbus-send', 'gnome-keyring-daemon', 'secret-tool'];
/** Says where the bus is, and stays until stdin ends. */
const SESSION = `
printf '%s' "$KEYRING_PASSWORD" | gnome-keyring-daemon --unlock --components=secrets >/dev/null || exit 1
echo "BUS $DBUS_SESSION_BUS_ADDRESS"
exec cat >/dev/null
`;

/** Why there can be none here; undefined when there can. */
export function reasonForNoDesktop(): string | undefined {
  if (process.platform !== 'linux') {
    return 'needs Linux';
  }
  const folders = (process.env['PATH'] ?? '').split(':');
  const missing = NEEDED.find((name) => !folders.some((folder) => existsSync(join(folder, name))));
  return missing && `needs ${missing}`;
}

/** @param home a folder; sessions one after the other may share it, as the same user would */
export async function startDesktopSession(home: string): Promise<DesktopSession> {
  const runtime = join(home, 'run');
  await mkdir(runtime, { recursive: true });
  await chmod(runtime, 0o700);
  const own = { PATH: process.env['PATH'] ?? '', HOME: home, XDG_RUNTIME_DIR: runtime };
  const session = spawn('dbus-run-session', ['--', 'sh', '-c', SESSION], {
    env: { ...own, KEYRING_PASSWORD: 'pw' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = once(session, 'close');
  let address: string | undefined;
  for await (const line of createInterface({ input: session.stdout })) {
    address = /^BUS (.+)$/.exec(line)?.[1];
    if (address !== undefined) {
      break;
    }
  }
  if (address === undefined) {
    throw new Error('the session does not start');
  }
  session.stdout.resume();
  const env = { ...own, DBUS_SESSION_BUS_ADDRESS: address };
  const run: DesktopSession['run'] = async (command, args, input = '') => {
    const running = promisify(execFile)(command, [...args], { env });
    running.child.stdin?.end(input);
    return (await running).stdout;
  };
  return {
    env,
    run,
    async lock() {
      await run('dbus-send', [
        ...['--session', '--print-reply', '--dest=org.freedesktop.secrets'],
        ...['/org/freedesktop/secrets', 'org.freedesktop.Secret.Service.Lock'],
        'array:objpath:/org/freedesktop/secrets/collection/login',
      ]);
    },
    async end() {
      session.stdin.end();
      await ended;
    },
  };
}
