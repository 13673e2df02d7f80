/**
 * What a server in a container tries to get out of it, with the arguments that thv gives to every
 * engine of this machine. Each rule is an attack that fails.
 */
import { readlink } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Engine, findEngine } from '../src/containers/engine.ts';
import { buildRunArgs } from '../src/containers/run-arguments.ts';
import { prepareEngines } from './engine-images.ts';

/** Commands that would succeed for somebody who has the machine. */
const ATTACKS: Readonly<Record<string, string>> = {
  'mounts a file system': 'busybox mount -t tmpfs x /tmp',
  'makes its root writable': 'busybox mount -o remount,rw /',
  'makes it writable in a user namespace': 'busybox unshare -U -m busybox mount -o remount,rw /',
  'makes it writable as root of one': 'busybox unshare -U -r -m busybox mount -o remount,rw /',
  'writes in its root': 'busybox touch /new',
  'writes where it was started from': 'busybox touch /bin/new',
  'makes the device of a disk': 'busybox mknod /dev/shm/disk b 8 0',
  'makes the device of the memory': 'busybox mknod /tmp/mem c 1 1',
  'enters the file system of process 1': 'busybox nsenter -t 1 -m busybox true',
  'enters its network': 'busybox nsenter -t 1 -n busybox true',
  'changes its root': 'busybox chroot /proc/1/root /bin/busybox true',
  'reads the log of the kernel': 'busybox dmesg',
  'reads the memory of the kernel': 'busybox head -c 1 /proc/kcore',
  'sets what runs when a program crashes': 'busybox sysctl -w kernel.core_pattern=x',
  'pulls the plug': 'busybox sh -c "echo s > /proc/sysrq-trigger"',
  'gives a file to somebody else': 'busybox chown 1 /tmp/mine',
  'sets the name of the machine': 'busybox hostname x',
  'forges packets': 'busybox ping -c 1 -W 1 127.0.0.1',
  'writes in a limit of its own':
    'busybox sh -c "echo 9 > $(busybox ls -d /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max | busybox head -1)"',
  'fills the memory by /tmp': 'busybox dd if=/dev/zero of=/tmp/big bs=1M count=257',
};
const SCRIPT = `
busybox touch /tmp/mine
${Object.entries(ATTACKS)
  .map(([name, command]) => `${command} >/dev/null 2>&1 && echo 'did: ${name}'`)
  .join('\n')}
busybox rm -f /tmp/big
busybox grep -E '^(CapBnd|CapPrm|NoNewPrivs|Seccomp):' /proc/self/status
for what in pid net ipc uts mnt cgroup; do echo "$what $(busybox readlink /proc/self/ns/$what)"; done
busybox tr '\\0' ' ' < /proc/1/cmdline | busybox head -c 16
echo
busybox env
`;

const engines = await prepareEngines();

afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.remove()));
});

describe.each(engines)('a container of $title', ({ name, image, env, run, reason }) => {
  let engine: Engine;
  let seen: string;

  const start = (script: string, network: boolean) =>
    run(
      ...buildRunArgs(engine, {
        // The server's own arguments, which come after the image, grant nothing.
        ...{ image, args: ['-c', script, '--privileged', '--network=host', '--pid=host'] },
        ...{ interactive: false, network, writableRoot: false, volumes: [], variables: [] },
        ...{ labels: {}, publish: undefined },
      }),
    );

  beforeAll(async () => {
    if (reason === undefined) {
      engine = await findEngine(name, env);
      seen = await start(SCRIPT, true);
    }
  }, 30_000);

  it.skipIf(reason).each(Object.keys(ATTACKS))('never %s', (attack) => {
    expect(seen).not.toContain(`did: ${attack}\n`);
  });

  it.skipIf(reason)("has no capabilities, and the engine's filter of system calls", () => {
    expect(seen).toMatch(/^CapPrm:\s0{16}$/m);
    expect(seen).toMatch(/^CapBnd:\s0{16}$/m);
    expect(seen).toMatch(/^NoNewPrivs:\s1$/m);
    expect(seen).toMatch(/^Seccomp:\s2$/m);
  });

  it.skipIf(reason).each(['pid', 'net', 'ipc', 'uts', 'mnt', 'cgroup'])(
    'has a %s of its own',
    async (what) => {
      const machine = await readlink(`/proc/self/ns/${what}`);
      expect(seen).toMatch(new RegExp(`^${what} ${what}:\\[\\d+\\]$`, 'm'));
      expect(seen).not.toContain(machine);
    },
  );

  it.skipIf(reason)('sees its own processes and variables only', () => {
    expect(seen).toContain('\n/bin/busybox sh ');
    const names = [...seen.matchAll(/^(\w+)=/gm)].map(([, variable]) => variable);
    const known = ['PATH', 'HOME', 'HOSTNAME', 'PWD', 'SHLVL', 'OLDPWD', 'TERM', 'container'];
    expect(names.filter((variable) => variable !== undefined && !known.includes(variable))).toEqual(
      [],
    );
  });

  it.skipIf(reason)('has no network with none', async () => {
    expect(await start('busybox ls /sys/class/net', false)).toBe('lo');
  });

  it.skipIf(reason)('cannot have more processes than its share', async () => {
    const bomb = 'i=0; while [ $i -lt 600 ]; do busybox sleep 9 & i=$((i+1)); done; echo all';
    await expect(start(bomb, false)).rejects.toThrow(/can't fork/);
  });
});
