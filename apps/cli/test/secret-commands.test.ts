/** `thv secret …`: what it keeps, and what somebody can do who has the file and not the key. */
import { execFileSync } from 'node:child_process';
import {
  chmod,
  lchown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { runMain } from './run-main.ts';
import { useTempFolder } from './temp-folder.ts';

const folder = useTempFolder();
const VALUE = 'hunter2 – the "value"\nof two lines';
const PASSPHRASE = 'correct horse';
let places = 0;

interface More {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly typed?: readonly string[];
}

/** A user with a home of their own, and what they do. */
async function createUser() {
  places += 1;
  const home = `${folder.path}/${places}`;
  await mkdir(home);
  const path = `${home}/config/thv/secrets.json`;
  const secret = async (args: readonly string[], { env = {}, ...more }: More = {}) => {
    const all = { XDG_CONFIG_HOME: `${home}/config`, XDG_STATE_HOME: `${home}/state`, ...env };
    const result = await runMain(['secret', ...args], { env: all, cwd: home, ...more });
    return { ...result, err: result.err.replaceAll(/\n {2,}/g, ' ') };
  };
  return { home, path, secret, file: () => readFile(path, 'utf8') };
}

/** One with a key file and one secret. */
async function createKeeper() {
  const user = await createUser();
  const { code, err } = await user.secret(['set', 'token', '--key-file', 'key'], { input: VALUE });
  expect(code, err).toBe(0);
  return user;
}

describe('thv secret', () => {
  it('keeps, prints, lists and forgets', async () => {
    const { secret, home, path } = await createKeeper();
    expect(await secret(['get', 'token'])).toMatchObject({ code: 0, out: `${VALUE}\n` });
    await secret(['set', 'a.b-c'], { input: 'x\n' });
    const listed = await secret(['list', '--format', 'json'], { env: { THV_SECRET_TOKEN: 'y' } });
    expect(JSON.parse(listed.out)).toEqual([
      { name: 'a.b-c', source: 'store' },
      { name: 'token', source: 'THV_SECRET_TOKEN' },
    ]);
    expect((await secret(['list'])).out).not.toContain('hunter2');
    expect((await secret(['get', 'a.b-c', '--format', 'json'])).out).toBe(
      '{"name":"a.b-c","value":"x"}\n',
    );
    expect(await secret(['delete', 'token'])).toMatchObject({ code: 0 });
    expect(await secret(['delete', 'token'])).toMatchObject({ code: 1 });
    expect(await secret(['get', 'token'])).toMatchObject({ code: 1, out: '' });
    for (const file of [path, `${home}/key`]) {
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    }
    expect(await readdir(`${home}/config/thv`)).toEqual(['secrets.json']);
  });

  it('lets variables win, and needs no store for them', async () => {
    const { secret } = await createUser();
    const env = { THV_SECRET_GITHUB_TOKEN: 'from CI' };
    expect((await secret(['get', 'github-token'], { env })).out).toBe('from CI\n');
    expect(
      (await secret(['get', 'github-token'], { env: { THV_SECRET_GITHUB_TOKEN: '' } })).code,
    ).toBe(1);
  });

  it('asks on a terminal, and never shows what is typed', async () => {
    const { secret } = await createUser();
    const set = await secret(['set', 'token'], { typed: [VALUE, PASSPHRASE, PASSPHRASE] });
    expect(set).toMatchObject({ code: 0, out: '' });
    expect(set.err).not.toContain('hunter2');
    expect((await secret(['get', 'token'], { typed: [PASSPHRASE] })).out).toBe(`${VALUE}\n`);
    const env = { THV_SECRETS_PASSPHRASE: PASSPHRASE };
    expect((await secret(['get', 'token'], { env })).out).toBe(`${VALUE}\n`);
    const wrong = await secret(['get', 'token'], { typed: ['correct house'] });
    expect(wrong).toMatchObject({ code: 1, out: '' });
    expect(wrong.err).toContain('the passphrase is wrong');
    const silent = await secret(['get', 'token']);
    expect(silent).toMatchObject({ code: 2 });
    expect(silent.err).toContain('set THV_SECRETS_PASSPHRASE');
    const idle = await secret(['get', 'token', '--key-file', 'key'], { env });
    expect(idle.err).toContain('--key-file: means nothing');
  });

  it.each<[string, readonly string[], More, RegExp]>([
    ['a name that is a path', ['set', '../x'], { input: 'x' }, /is not a name of a secret/],
    ['a name that is a value', ['get', 'hunter2 x'], {}, /is not a name of a secret/],
    ['no value', ['set', 'x', '--key-file', 'k'], { input: '\n' }, /value.* is empty/],
    ['a NUL', ['set', 'x', '--key-file', 'k'], { input: 'a\0b' }, /no variable could hold it/],
    ['a value as an argument', ['set', 'x', 'hunter2'], { input: 'x' }, /too many arguments/],
    ['nothing to lock with', ['set', 'x'], { input: 'x' }, /nothing to lock them with/],
    ['a short passphrase', ['set', 'x'], { typed: ['v', 'short', 'short'] }, /shorter than 8/],
    ['two passphrases', ['set', 'x'], { typed: ['v', PASSPHRASE, 'other horse'] }, /not the same/],
    ['an unknown flag', ['set', 'x', '--value', 'hunter2'], {}, /no such flag/],
  ])('refuses %s', async (_name, args, more, message) => {
    const { secret } = await createUser();
    const { code, err } = await secret(args, more);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(err).not.toContain('hunter2');
  });

  it('loses nothing when many commands write at once', async () => {
    const { secret } = await createKeeper();
    const names = Array.from({ length: 12 }, (_, index) => `secret-${index}`);
    await Promise.all(names.map((name) => secret(['set', name], { input: name })));
    const listed: { name: string }[] = JSON.parse((await secret(['list', '--format', 'json'])).out);
    expect(listed.map(({ name }) => name)).toEqual([...names, 'token'].toSorted());
  });
});

describe('the file of secrets', () => {
  it('shows neither values nor names, and is another one after each write', async () => {
    const { secret, file } = await createKeeper();
    const first = await file();
    for (const text of [
      'hunter2',
      Buffer.from('hunter2').toString('base64').slice(0, 8),
      '"token"',
    ]) {
      expect(first).not.toContain(text);
    }
    await secret(['set', 'token'], { input: VALUE });
    const [before, after] = [JSON.parse(first), JSON.parse(await file())];
    expect(after.nonce).not.toBe(before.nonce);
    expect(after.data).not.toBe(before.data);
  });

  const flip = (text: string) => {
    const bytes = Buffer.from(text, 'base64');
    bytes[3] = (bytes[3] ?? 0) ^ 1;
    return bytes.toString('base64');
  };

  it.each<[string, (file: Record<string, unknown>) => unknown, RegExp]>([
    ['the data', (file) => ({ ...file, data: flip(String(file['data'])) }), /tampered with/],
    ['the nonce', (file) => ({ ...file, nonce: flip(String(file['nonce'])) }), /tampered with/],
    ['the salt', (file) => ({ ...file, salt: flip(String(file['salt'])) }), /key file is another/],
    [
      'the check',
      (file) => ({ ...file, check: flip(String(file['check'])) }),
      /key file is another/,
    ],
    ['the version', (file) => ({ ...file, version: 2 }), /another version/],
    ['the tag', (file) => ({ ...file, data: 'AAAA' }), /data is not what thv writes/],
    ['an unknown key', (file) => ({ ...file, extra: 1 }), /unknown key "extra"/],
    [
      'the kind of key',
      (file) => ({ ...file, key: { kind: 'passphrase', cost: 2 ** 30 } }),
      /its cost is not one that thv uses/,
    ],
    ['all of it', () => 'x', /is not an object/],
  ])('says so when somebody has changed %s', async (_name, change, message) => {
    const { secret, path, file } = await createKeeper();
    await writeFile(path, JSON.stringify(change(JSON.parse(await file()))));
    const got = await secret(['get', 'token']);
    expect(got.out).toBe('');
    expect(got.code).not.toBe(0);
    expect(got.err).toMatch(message);
    const set = await secret(['set', 'token'], { input: 'y' });
    expect(set.code, 'what cannot be read is never replaced').not.toBe(0);
  });

  it('says so when it is bound to another place of the key', async () => {
    const { secret, path, file, home } = await createKeeper();
    const text = await file();
    await writeFile(path, text.replace(`${home}/key`, `${home}/./key`));
    expect((await secret(['get', 'token'])).err).toContain('tampered with');
  });

  it('needs its key file, which only its owner can read', async () => {
    const { secret, home } = await createKeeper();
    await chmod(`${home}/key`, 0o644);
    expect((await secret(['get', 'token'])).err).toContain('can be read by others');
    await chmod(`${home}/key`, 0o600);
    const other = await createKeeper();
    const stolen = await secret(['get', 'token', '--key-file', `${other.home}/key`]);
    expect(stolen).toMatchObject({ code: 1, out: '' });
    expect(stolen.err).toContain('the key file is another one');
    await writeFile(`${home}/key`, 'password\n');
    expect((await secret(['get', 'token'])).err).toContain('holds no key of thv');
  });

  it.each([
    ['a pipe', 'is a pipe', (path: string) => void execFileSync('mkfifo', ['-m', '600', path])],
    ['a device', 'is a device', (path: string) => symlink('/dev/zero', path)],
    ['a folder', 'is a folder', (path: string) => mkdir(path)],
    ['huge', 'is larger than', (path: string) => writeHuge(path)],
  ])(
    'does not wait for what its own file names as the key and is %s',
    async (_what, message, put) => {
      const { secret, home } = await createKeeper();
      await rm(`${home}/key`);
      await put(`${home}/key`);
      const { code, err } = await secret(['get', 'token']);
      expect(code).toBe(2);
      expect(err).toContain(`${home}/key`);
      expect(err).toContain(message);
    },
  );

  it('leaves no part of a key behind on a full disk', async ({ skip }) => {
    const { secret, home } = await createUser();
    const disk = `${home}/disk`;
    await mkdir(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      skip('this user cannot have a small file system');
    }
    try {
      await writeFile(`${disk}/full`, Buffer.alloc(4096));
      const failed = await secret(['set', 'a', '--key-file', 'disk/key'], { input: 'x' });
      expect(failed.code).toBe(2);
      expect(failed.err).toContain(`${disk}/key cannot be written: the disk is full`);
      expect(await readdir(disk)).toEqual(['full']);
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  });

  it('takes a key from a pipe that the user names', async () => {
    const { secret, home } = await createKeeper();
    await rename(`${home}/key`, `${home}/moved`);
    execFileSync('mkfifo', ['-m', '600', `${home}/key`]);
    const writing = readFile(`${home}/moved`).then((key) => writeFile(`${home}/key`, key));
    expect(await secret(['get', 'token', '--key-file', 'key'])).toMatchObject({
      code: 0,
      out: `${VALUE}\n`,
    });
    await writing;
  });

  it('refuses a file that it cannot have written because of its size', async () => {
    const { secret, path } = await createKeeper();
    await writeHuge(path);
    const { code, err } = await secret(['list']);
    expect(code).toBe(1);
    expect(err).toContain(`${path} cannot be used: it is larger than 64 MiB`);
  });

  it('may be elsewhere, behind a link, and stays there', async () => {
    const { secret, path, home, file } = await createKeeper();
    await rename(path, `${home}/elsewhere.json`);
    await symlink(`${home}/elsewhere.json`, path);
    const before = await file();
    expect(await secret(['set', 'other'], { input: 'x' })).toMatchObject({ code: 0 });
    expect((await lstat(path)).isSymbolicLink()).toBe(true);
    expect(await readFile(`${home}/elsewhere.json`, 'utf8')).not.toBe(before);
    expect(await secret(['get', 'other'])).toMatchObject({ code: 0, out: 'x\n' });
  });

  it.skipIf(process.getuid?.() !== 0)('is not behind a link of somebody else', async () => {
    const { secret, home } = await createKeeper();
    await rename(`${home}/config/thv`, `${home}/dotfiles`);
    await symlink(`${home}/dotfiles`, `${home}/config/thv`);
    await lchown(`${home}/config/thv`, 12_345, 12_345);
    const { code, err } = await secret(['set', 'other'], { input: 'x' });
    expect(code).toBe(1);
    expect(err).toContain('something that is no folder of this user stands there');
  });

  it('may be in a folder elsewhere, behind a link of its user', async () => {
    const { secret, home } = await createKeeper();
    await rename(`${home}/config/thv`, `${home}/dotfiles`);
    await symlink(`${home}/dotfiles`, `${home}/config/thv`);
    expect(await secret(['set', 'other'], { input: 'x' })).toMatchObject({ code: 0 });
    expect(await secret(['get', 'other'])).toMatchObject({ code: 0, out: 'x\n' });
  });
});

/** It takes no room on the disk. */
async function writeHuge(path: string): Promise<void> {
  await writeFile(path, '', { mode: 0o600 });
  await truncate(path, 65 * 1024 * 1024);
}
