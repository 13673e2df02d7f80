/** `thv secret --key-file`: the mistakes that are made with the name of a file. */
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { main } from '../src/main.ts';
import { createIo, type RunMainOptions, runMain } from './run-main.ts';
import { useTempFolder } from './temp-folder.ts';

const folder = useTempFolder();
let homes = 0;

/** A user with a home of their own, and nothing in it. */
async function createUser() {
  homes += 1;
  const home = `${folder.path}/${homes}`;
  await mkdir(home);
  const thv = async (args: readonly string[], options: RunMainOptions = {}) => {
    const env = { XDG_CONFIG_HOME: `${home}/config`, ...options.env };
    const result = await runMain(args, { cwd: home, ...options, env });
    return { ...result, err: result.err.replaceAll(/\n {2,}/g, ' ') };
  };
  const secret = (args: readonly string[], options?: RunMainOptions) =>
    thv(['secret', ...args], options);
  return { home, config: `${home}/config/thv`, thv, secret };
}

async function createKeeper() {
  const user = await createUser();
  const { code, err } = await user.secret(['set', 'a', '--key-file', 'key'], { input: 'hunter2' });
  expect(code, err).toBe(0);
  return user;
}

describe('a key file', () => {
  it.each<[string, readonly string[], Readonly<Record<string, string>>]>([
    ['--key-file', ['--key-file', 'config/thv/secrets.json'], {}],
    ['THV_SECRETS_KEY_FILE', [], { THV_SECRETS_KEY_FILE: 'config/thv/../thv/secrets.json' }],
  ])('is not the file of the secrets, where it would be lost: %s', async (by, args, env) => {
    const { config, secret } = await createUser();
    const { code, err } = await secret(['set', 'a', ...args], { env, input: 'hunter2' });
    expect(code, err).toBe(2);
    expect(err).toContain(`thv: ${by}: ${config}/secrets.json is where the secrets are kept`);
    expect(await readdir(config)).toEqual([]);
  });

  it.each([
    ['a folder', '.', 'it is a folder'],
    ['a device', '/dev/null', 'it is a device'],
    ['not there', 'none', 'none cannot be read; check the path'],
    ['a file of something else', 'text', 'text holds no key of thv'],
  ])('that is %s is not made private', async (_what, path, why) => {
    const { home, secret } = await createKeeper();
    await writeFile(`${home}/text`, 'hello', { mode: 0o644 });
    const { code, err } = await secret(['get', 'a', '--key-file', path]);
    expect(code).toBe(2);
    expect(err).toContain(why);
    expect(err).not.toContain('chmod');
  });

  it('is named as the user has named it', async () => {
    const { home, secret } = await createKeeper();
    const other = await createKeeper();
    const env = { THV_SECRETS_KEY_FILE: `${other.home}/key` };
    expect((await secret(['get', 'a'], { env })).err).toContain(
      `the key file is another one: ${other.home}/key of THV_SECRETS_KEY_FILE`,
    );
    const next = ['rekey', '--new-key-file', 'none/key'];
    expect((await secret(next)).err).toContain(`thv: --new-key-file: ${home}/none/key`);
    await secret(['rekey', '--new-key-from', 'passphrase'], {
      env: { THV_SECRETS_NEW_PASSPHRASE: 'battery staple' },
    });
    const locked = await secret(['get', 'a'], {
      env: { THV_SECRETS_KEY_FILE: `${home}/key`, THV_SECRETS_PASSPHRASE: 'battery staple' },
    });
    expect(locked).toMatchObject({ code: 2, out: '' });
    expect(locked.err).toContain('thv: THV_SECRETS_KEY_FILE: means nothing');
  });
});

describe('the file of the secrets', () => {
  it('is not made anew in the place of a link whose end is not there', async () => {
    const { home, config, secret } = await createUser();
    await mkdir(config, { recursive: true });
    await symlink(`${home}/disk/secrets.json`, `${config}/secrets.json`);
    for (const args of [['set', 'b', '--key-file', 'key'], ['get', 'b'], ['list'], ['rekey']]) {
      const { code, err } = await secret(args, { input: 'x' });
      expect(code, args.join(' ')).toBe(1);
      expect(err).toContain('it is behind a link that leads nowhere');
    }
    expect(await readdir(home)).toEqual(['config']);
  });

  it('is not taken for empty when its folder is such a link', async () => {
    const { home, config, secret, thv } = await createUser();
    await mkdir(`${home}/config`);
    await symlink(`${home}/disk`, config);
    expect(await secret(['list'])).toMatchObject({ code: 1, out: '' });
    expect(await thv(['config', 'get-registry'])).toMatchObject({ code: 1, out: '' });
    await mkdir(`${home}/disk`);
    expect(await secret(['list'])).toMatchObject({ code: 0 });
    expect(await secret(['set', 'a', '--key-file', 'key'], { input: 'x' })).toMatchObject({
      code: 0,
    });
  });

  it('is waited for while another command asks, and not in silence', async () => {
    const { home, secret } = await createUser();
    const env = { XDG_CONFIG_HOME: `${home}/config` };
    const { io } = createIo({ env, cwd: home });
    const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()];
    const askHidden = async (question: string) => {
      if (question.startsWith('Value')) {
        return 'hunter2';
      }
      asked.resolve();
      return answer.promise;
    };
    const first = main(['secret', 'set', 'a'], { ...io, askHidden });
    await asked.promise;
    const second = createIo({ env, cwd: home, input: 'x', typed: ['x', 'correct horse'] });
    const waiting = main(['secret', 'set', 'b'], second.io);
    await vi.waitFor(() => expect(second.said.err).toContain('waiting for another thv'));
    answer.resolve('correct horse');
    expect([await first, await waiting]).toEqual([0, 0]);
    const unlocked = { env: { THV_SECRETS_PASSPHRASE: 'correct horse' } };
    expect((await secret(['get', 'b'], unlocked)).out).toBe('x\n');
  });

  it('has nothing left beside it of a command that was killed', async () => {
    const { config, secret } = await createKeeper();
    const part = `${config}/secrets.json.0123456789ab.tmp`;
    await writeFile(part, await readFile(`${config}/secrets.json`));
    await writeFile(`${config}/secrets.json.mine.tmp`, 'kept');
    await secret(['set', 'b'], { input: 'x' });
    await expect(stat(part)).rejects.toThrow('ENOENT');
    expect(await readFile(`${config}/secrets.json.mine.tmp`, 'utf8')).toBe('kept');
    await rm(`${config}/secrets.json.mine.tmp`);
    expect(await readdir(config)).toEqual(['secrets.json']);
  });
});
