/** `thv secret` with the real key store of a Linux desktop, and with a bus that is dead. */
import { execFile } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { askKeyStore } from '../src/secrets/ask-key-store.ts';
import { readCommandLines } from './command-lines.ts';
import { type DesktopSession, reasonForNoDesktop, startDesktopSession } from './desktop-session.ts';
import { BIN, runThv, startThv } from './spawn-thv.ts';
import { useTempFolder } from './temp-folder.ts';

const VALUE = 'hunter2-of-the-desktop';
const GUIDE = fileURLToPath(new URL('../../../test/fixtures/guide-server.ts', import.meta.url));
const SERVER = `
const { API_KEY = '', DBUS_SESSION_BUS_ADDRESS } = process.env;
console.error('given:' + [...API_KEY].reverse().join(''), DBUS_SESSION_BUS_ADDRESS);
await import(process.env.GUIDE);
`;
const folder = useTempFolder({ 'server.mjs': SERVER });
const reason = reasonForNoDesktop();

describe.skipIf(reason !== undefined)(
  `a desktop's key store${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    let session: DesktopSession;

    beforeAll(async () => {
      session = await startDesktopSession(folder.path);
    }, 30_000);

    afterAll(async () => {
      await session.end();
    });

    /** A home in the session, with one secret in it. */
    async function createHome(name: string) {
      const home = join(folder.path, name);
      const own = { XDG_CONFIG_HOME: join(home, 'config'), XDG_STATE_HOME: join(home, 'state') };
      const env = { ...session.env, ...own, GUIDE };
      const secret = async (args: readonly string[], input = '') => {
        const { child, finished } = startThv(['secret', ...args], { env });
        child.stdin.end(input);
        return finished;
      };
      const { code, err } = await secret(['set', 'api-key'], VALUE);
      expect(code, err).toBe(0);
      const file = join(home, 'config/thv/secrets.json');
      const { key } = JSON.parse(await readFile(file, 'utf8'));
      expect(key).toEqual({ kind: 'key-store', entry: expect.stringMatching(/^[0-9a-f]{32}$/) });
      const attributes = ['service', 'thv secrets', 'username', String(key.entry)];
      return { home, env, secret, attributes };
    }

    it('keeps the key, for this home only', async () => {
      const [ann, bob] = [await createHome('ann'), await createHome('bob')];
      expect(ann.attributes).not.toEqual(bob.attributes);
      expect(await ann.secret(['set', 'other'], 'x')).toMatchObject({ code: 0 });
      expect((await ann.secret(['list', '--format', 'json'])).out).toContain('"other"');
      expect(await ann.secret(['delete', 'other'])).toMatchObject({ code: 0 });
      for (const { secret, attributes } of [ann, bob]) {
        expect(await secret(['get', 'api-key'])).toEqual({ code: 0, out: `${VALUE}\n`, err: '' });
        const kept = await session.run('secret-tool', ['lookup', ...attributes]);
        expect(Buffer.from(kept, 'base64')).toHaveLength(32);
      }
    }, 60_000);

    it('gives it to the next session, after everything has been restarted', async () => {
      const { secret, env } = await createHome('carl');
      await session.end();
      session = await startDesktopSession(folder.path);
      const gone = await secret(['get', 'api-key']);
      expect(gone).toMatchObject({ code: 1, out: '' });
      expect(gone.err).toContain('no D-Bus');
      const again = await runThv(['secret', 'get', 'api-key'], { env: { ...env, ...session.env } });
      expect(again).toEqual({ code: 0, out: `${VALUE}\n`, err: '' });
    }, 60_000);

    it.each<[string, string | Buffer | undefined, RegExp]>([
      ['of another store', Buffer.alloc(32, 7).toString('base64'), /another\s+key than theirs/],
      ['too short', Buffer.alloc(16, 7).toString('base64'), /holds\s+no key of\s+thv/],
      ['a password', 'hunter3', /holds\s+no key of\s+thv/],
      ['no text', Buffer.from([0xff, 0xfe]), /holds\s+no key of\s+thv/],
      ['gone', undefined, /has no entry/],
    ])(
      'does not open the secrets with a key that is %s',
      async (name, planted, message) => {
        const { secret, attributes } = await createHome(`planted-${name.replaceAll(' ', '-')}`);
        await session.run('secret-tool', ['clear', ...attributes]);
        if (planted !== undefined) {
          await session.run('secret-tool', ['store', '--label', 'planted', ...attributes], planted);
        }
        const { code, out, err } = await secret(['get', 'api-key']);
        expect({ code, out }).toEqual({ code: 1, out: '' });
        expect(err).toMatch(message);
        expect(err).not.toContain('hunter3');
      },
      60_000,
    );

    it('does not choose between two entries', async () => {
      const { secret, attributes } = await createHome('twice');
      const more = [...attributes, 'planted', '1'];
      await session.run('secret-tool', ['store', '--label', 'planted', ...more], 'x');
      const { code, err } = await secret(['get', 'api-key']);
      expect(code).toBe(1);
      expect(err).toMatch(/several\s+of its\s+entries/);
    }, 60_000);

    it('gives servers in the background their secrets, and shows the key to nobody', async () => {
      const { home, env, attributes } = await createHome('runner');
      const key = await session.run('secret-tool', ['lookup', ...attributes]);
      const node = [process.execPath, '--conditions=@thv/source', 'server.mjs', 'stdio'];
      const run = ['run', '--name', 'kept', '--secret', 'api-key,target=API_KEY', '-e', 'GUIDE'];
      const started = await runThv([...run, '--', ...node], { env, cwd: folder.path });
      try {
        expect(started.code, started.err).toBe(0);
        const restarted = await runThv(['restart', 'kept'], { env });
        expect(restarted.code, restarted.err).toBe(0);
        const states = await readdir(join(home, 'state/thv'), {
          recursive: true,
          withFileTypes: true,
        });
        const texts = await Promise.all(
          states
            .filter((file) => file.isFile())
            .map((file) => readFile(join(file.parentPath, file.name), 'utf8')),
        );
        const all = texts.join('\n');
        expect(all.split(`given:${[...VALUE].reverse().join('')} undefined`)).toHaveLength(3);
        const processes = (await readCommandLines()).join('\n');
        for (const text of [all, processes, started.out, started.err, restarted.err]) {
          expect(text).not.toContain(VALUE);
          expect(text).not.toContain(key);
        }
        const state = JSON.parse(
          await readFile(join(home, 'state/thv/workloads/kept.json'), 'utf8'),
        );
        const pid = Number(state.process.pid);
        const [maps, environment] = await Promise.all(
          ['maps', 'environ'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8')),
        );
        expect(maps).toContain('node');
        expect(maps, 'what serves has no library of the key store').not.toContain('keyring');
        expect(environment).not.toContain(key);
      } finally {
        await runThv(['rm', '--all'], { env });
      }
    }, 90_000);

    it('says that it is locked, and lets users choose another way', async () => {
      const { secret, env } = await createHome('locked');
      await session.lock();
      const got = await secret(['get', 'api-key']);
      expect(got).toMatchObject({ code: 1, out: '' });
      expect(got.err).toMatch(/it is locked, or\s+what it\s+asked was\s+refused/);
      const other = {
        ...env,
        XDG_CONFIG_HOME: join(folder.path, 'unlocked'),
        THV_SECRETS_PASSPHRASE: 'correct horse',
      };
      const { child, finished } = startThv(['secret', 'set', 'a'], { env: other });
      child.stdin.end('x');
      expect(await finished).toMatchObject({ code: 0 });
    }, 60_000);
  },
);

describe.skipIf(process.platform !== 'linux')('a session without a key store', () => {
  const read = { do: 'read', entry: 'e' } as const;
  const ask = (env: Readonly<Record<string, string>>, patience?: number) =>
    askKeyStore(read, { env, program: BIN, ...(patience !== undefined && { patience }) });

  it('is told apart at once', async () => {
    const none = { status: 'absent', why: 'this session has no D-Bus' };
    expect(await ask({})).toEqual(none);
    const nowhere = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${folder.path}/nowhere` };
    expect(await ask(nowhere)).toEqual(none);
  });

  it('does not keep anybody waiting when its bus is dead', async () => {
    const path = join(folder.path, 'dead');
    const dead = createServer(() => undefined).listen(path);
    try {
      const answer = await ask({ DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` }, 1500);
      expect(answer).toEqual({ status: 'silent', why: 'no answer within 1.5 seconds' });
    } finally {
      dead.close();
    }
  });

  it('is one where the optional library has not been installed', async () => {
    await folder.write({
      'without.mjs': `
        import { registerHooks } from 'node:module';
        registerHooks({
          resolve(name, context, next) {
            if (name === '@napi-rs/keyring') throw new Error('Cannot find package');
            return next(name, context);
          },
        });`,
    });
    const nodeArgs = ['--conditions=@thv/source', '--import', `${folder.path}/without.mjs`];
    const env = { XDG_CONFIG_HOME: join(folder.path, 'without') };
    const set = async (...more: readonly string[]) => {
      const { child, finished } = startThv(['secret', 'set', 'a', ...more], { env, nodeArgs });
      child.stdin.end('x');
      return finished;
    };
    const asked = await set('--key-from', 'key-store');
    expect(asked.code).toBe(1);
    expect(asked.err).toMatch(/@napi-rs\/keyring is not\s+installed/);
    expect((await set()).err).toContain('no key store answers here');
    expect(await set('--key-file', join(folder.path, 'key'))).toMatchObject({ code: 0 });
  });

  it('is a failure when the process ends early', async () => {
    const answer = await askKeyStore(read, { env: {}, program: join(folder.path, 'nothing.mjs') });
    expect(answer).toMatchObject({ status: 'failed' });
  });

  it('asks in a process that knows nothing of thv', async () => {
    await folder.write({
      'spy.mjs':
        "process.on('message', () => process.send({ status: 'found', text: JSON.stringify([process.argv.slice(2), process.env]) }));",
    });
    const env = { A: 'b', THV_SECRET_TOKEN: 'hunter2', THV_SECRETS_PASSPHRASE: 'hunter2' };
    const request = { do: 'create', entry: 'e', text: 'hunter2' } as const;
    const answer = await askKeyStore(request, { env, program: join(folder.path, 'spy.mjs') });
    const [args, seen] = JSON.parse('text' in answer ? answer.text : '');
    expect(args).toEqual(['__key-store']);
    expect(seen).toMatchObject({ A: 'b' });
    expect(JSON.stringify(seen)).not.toContain('hunter2');
  });

  it.each([
    ['by itself', 'process.exit()'],
    ['by a signal', "process.kill(process.pid, 'SIGTERM')"],
  ])('leaves no process behind when thv ends meanwhile, %s', async (_name, end) => {
    await rm(join(folder.path, 'blocked.pid'), { force: true });
    await folder.write({
      'blocked.mjs': `
        import { writeFileSync } from 'node:fs';
        writeFileSync('blocked.pid', String(process.pid));
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`,
      'ends.mjs': `
        import { existsSync } from 'node:fs';
        const { askKeyStore } = await import(process.argv[2]);
        void askKeyStore({ do: 'read', entry: 'e' }, { env: {}, program: 'blocked.mjs' });
        setInterval(() => existsSync('blocked.pid') && ${end}, 10);`,
    });
    const module = new URL('../src/secrets/ask-key-store.ts', import.meta.url).href;
    const args = [join(folder.path, 'ends.mjs'), module];
    await promisify(execFile)(process.execPath, args, { cwd: folder.path }).catch(() => undefined);
    const pid = Number(await readFile(join(folder.path, 'blocked.pid'), 'utf8'));
    expect(pid).toBeGreaterThan(0);
    // Until somebody has asked how it ended, an ended process has a pid and no command line.
    const commandLine = () => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    await vi.waitFor(async () => expect(await commandLine()).toBe(''));
  });

  it('is not asked by who types the command', async () => {
    const { code, err } = await runThv(['__key-store']);
    expect(code).toBe(2);
    expect(err).toContain('is for thv itself');
  });
});
