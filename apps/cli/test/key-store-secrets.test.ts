/** `thv secret` with a key in the key store of the operating system, as an adapter answers. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { KeyStore, KeyStoreAnswer } from '../src/secrets/key-store.ts';
import { type RunMainOptions, runMain } from './run-main.ts';
import { useTempFolder } from './temp-folder.ts';

const folder = useTempFolder();
const PASSPHRASE = 'correct horse';
const ABSENT: KeyStoreAnswer = { status: 'absent', why: 'nobody is there' };
let homes = 0;

/** One that works, and that can be told to answer otherwise. */
function createKeyStore() {
  const entries = new Map<string, string>();
  const asked: string[] = [];
  const state: { answer?: KeyStoreAnswer } = {};
  const keyStore: KeyStore = async (request) => {
    asked.push(request.do);
    if (state.answer !== undefined) {
      return state.answer;
    }
    if (request.do === 'create') {
      entries.set(request.entry, request.text);
    }
    const text = entries.get(request.entry);
    return text === undefined ? { status: 'missing' } : { status: 'found', text };
  };
  return { keyStore, entries, asked, state };
}

type Keys = ReturnType<typeof createKeyStore>;

/** A user with a home of their own. */
async function createUser(keys: Keys) {
  homes += 1;
  const home = `${folder.path}/${homes}`;
  await mkdir(home);
  const path = `${home}/config/thv/secrets.json`;
  const secret = async (args: readonly string[], more: RunMainOptions = {}) => {
    const env = { XDG_CONFIG_HOME: `${home}/config`, XDG_STATE_HOME: `${home}/state`, ...more.env };
    const options = { keyStore: keys.keyStore, cwd: home, ...more, env };
    const result = await runMain(['secret', ...args], options);
    return { ...result, err: result.err.replaceAll(/\n {2,}/g, ' ') };
  };
  return {
    ...{ home, path, secret },
    file: () => readFile(path, 'utf8'),
    json: async () => JSON.parse(await readFile(path, 'utf8')),
    write: (json: unknown) => writeFile(path, JSON.stringify(json)),
    files: () => readdir(`${home}/config/thv`).catch(() => []),
  };
}

/** One with a secret under a key in the key store. */
async function createKeeper(keys: Keys = createKeyStore()) {
  const user = await createUser(keys);
  const { code, err } = await user.secret(['set', 'token'], { input: 'hunter2' });
  expect(code, err).toBe(0);
  const { entry } = (await user.json()).key;
  return { ...user, keys, entry: String(entry) };
}

describe('a key in the key store', () => {
  it('is made with the first secret, without a question, and found again', async () => {
    const { secret, keys, entry, json, file } = await createKeeper();
    const kept = keys.entries.get(entry) ?? '';
    expect(Buffer.from(kept, 'base64')).toHaveLength(32);
    expect((await json()).key).toEqual({ kind: 'key-store', entry });
    const got = await secret(['get', 'token']);
    expect(got).toMatchObject({ code: 0, out: 'hunter2\n', err: '' });
    const set = await secret(['set', 'other', '--debug'], { input: 'x' });
    expect((await secret(['list'])).out).toMatch(/other[\s\S]*token/);
    expect(await secret(['delete', 'other'])).toMatchObject({ code: 0 });
    expect(keys.entries.size).toBe(1);
    for (const text of [await file(), got.err, set.err, set.out]) {
      expect(text).not.toContain(kept);
      expect(text).not.toContain('hunter2');
    }
  });

  it('says where it is, once', async () => {
    const { secret } = await createUser(createKeyStore());
    const first = await secret(['set', 'a'], { input: 'x' });
    expect(first.err).toContain('the key of the secrets is in the key store of this system');
    expect((await secret(['set', 'b'], { input: 'x' })).err).not.toContain('key store');
  });

  it('is another one for each home, and neither touches the other', async () => {
    const keys = createKeyStore();
    const [ann, bob] = [await createKeeper(keys), await createKeeper(keys)];
    expect(keys.entries.size).toBe(2);
    expect(ann.entry).not.toBe(bob.entry);
    await ann.secret(['set', 'token'], { input: 'of ann' });
    expect((await bob.secret(['get', 'token'])).out).toBe('hunter2\n');
    // The file of the one with the entry of the other.
    const file = await ann.json();
    await ann.write({ ...file, key: { kind: 'key-store', entry: bob.entry } });
    const stolen = await ann.secret(['get', 'token']);
    expect(stolen).toMatchObject({ code: 1, out: '' });
    expect(stolen.err).toContain('holds another key than theirs');
  });

  it('is one for many commands that set the first secret at once', async () => {
    const keys = createKeyStore();
    const { secret } = await createUser(keys);
    const names = ['a', 'b', 'c', 'd', 'e'];
    const all = await Promise.all(names.map((name) => secret(['set', name], { input: name })));
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    expect(keys.entries.size).toBe(1);
  });

  it.each<[string, (keeper: Awaited<ReturnType<typeof createKeeper>>) => unknown, RegExp]>([
    ['gone', ({ keys }) => keys.entries.clear(), /has no entry [0-9a-f]{32}.*when the key is lost/],
    [
      'that of another store',
      ({ keys, entry }) => keys.entries.set(entry, Buffer.alloc(32, 7).toString('base64')),
      /holds another key than theirs/,
    ],
    [
      'too short',
      ({ keys, entry }) => keys.entries.set(entry, Buffer.alloc(16, 7).toString('base64')),
      /holds no key of thv/,
    ],
    ['empty', ({ keys, entry }) => keys.entries.set(entry, ''), /holds no key of thv/],
    ['a password', ({ keys, entry }) => keys.entries.set(entry, 'hunter3'), /holds no key of thv/],
    [
      'nearly itself',
      ({ keys, entry }) => keys.entries.set(entry, ` ${keys.entries.get(entry)}`),
      /holds no key of thv/,
    ],
  ])('that is %s is an error, and nothing is made anew', async (_name, change, message) => {
    const keeper = await createKeeper();
    change(keeper);
    const before = { file: await keeper.file(), entries: [...keeper.keys.entries] };
    for (const args of [['get', 'token'], ['set', 'token'], ['delete', 'token'], ['list']]) {
      const { code, out, err } = await keeper.secret(args, {
        input: 'y',
        typed: ['y', PASSPHRASE],
      });
      expect({ code, out }, args.join(' ')).toEqual({ code: 1, out: '' });
      expect(err).toMatch(message);
      expect(err).not.toContain('hunter3');
    }
    expect({ file: await keeper.file(), entries: [...keeper.keys.entries] }).toEqual(before);
  });

  it.each<[KeyStoreAnswer, RegExp]>([
    [ABSENT, /nobody is there; use a session in which it runs/],
    [{ status: 'locked', why: 'it is locked' }, /it is locked; unlock it and try again/],
    [{ status: 'silent', why: 'no answer' }, /no answer; answer what it asks/],
    [{ status: 'failed', why: 'who knows' }, /who knows; look at it with its own program/],
  ])('cannot be read: %j', async (answer, message) => {
    const { secret, keys, file } = await createKeeper();
    const before = await file();
    keys.state.answer = answer;
    for (const args of [
      ['get', 'token'],
      ['set', 'token'],
    ]) {
      const { code, out, err } = await secret(args, { input: 'y', typed: ['y', PASSPHRASE] });
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toMatch(message);
    }
    expect(await file()).toBe(before);
  });
});

describe('the first secret', () => {
  it.each<[KeyStoreAnswer, RegExp]>([
    [{ status: 'locked', why: 'it is locked' }, /it is locked; unlock it.*--key-from passphrase/],
    [{ status: 'silent', why: 'no answer' }, /no answer; .*--key-from passphrase/],
    [{ status: 'failed', why: 'who knows' }, /who knows; .*--key-from passphrase/],
    [{ status: 'missing' }, /did not keep what it was given/],
    [{ status: 'found', text: 'another' }, /did not keep what it was given/],
  ])('is not kept when the key is not: %j', async (answer, message) => {
    const keys = createKeyStore();
    keys.state.answer = answer;
    const { secret, files } = await createUser(keys);
    const { code, err } = await secret(['set', 'a'], { typed: ['x', PASSPHRASE, PASSPHRASE] });
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(await files()).toEqual([]);
  });

  it('is locked with a passphrase where there is no key store', async () => {
    const keys = createKeyStore();
    keys.state.answer = ABSENT;
    const { secret, json } = await createUser(keys);
    const none = await secret(['set', 'a'], { input: 'x' });
    expect(none).toMatchObject({ code: 2 });
    expect(none.err).toContain('no key store answers here; give --key-file');
    const typed = ['x', PASSPHRASE, PASSPHRASE];
    expect(await secret(['set', 'a'], { typed })).toMatchObject({ code: 0 });
    expect((await json()).key.kind).toBe('passphrase');
  });

  it.each<[string, readonly string[], RunMainOptions, string]>([
    ['a key file', ['--key-file', 'k'], { input: 'x' }, 'key-file'],
    ['its variable', [], { input: 'x', env: { THV_SECRETS_KEY_FILE: 'k' } }, 'key-file'],
    ['a passphrase', [], { input: 'x', env: { THV_SECRETS_PASSPHRASE: PASSPHRASE } }, 'passphrase'],
    [
      'a flag',
      ['--key-from', 'passphrase'],
      { typed: ['x', PASSPHRASE, PASSPHRASE] },
      'passphrase',
    ],
    [
      'a variable',
      [],
      {
        typed: ['x', PASSPHRASE, PASSPHRASE],
        env: { THV_SECRETS_KEY_FROM: 'passphrase', THV_SECRETS_KEY_FILE: '' },
      },
      'passphrase',
    ],
    [
      'a flag against a variable',
      ['--key-file', 'k'],
      { input: 'x', env: { THV_SECRETS_KEY_FROM: 'key-store' } },
      'key-file',
    ],
  ])('leaves the key store alone when the user says so: %s', async (_name, args, more, kind) => {
    const keys = createKeyStore();
    const { secret, json } = await createUser(keys);
    const { code, err } = await secret(['set', 'a', ...args], more);
    expect(code, err).toBe(0);
    expect((await json()).key.kind).toBe(kind);
    const flags = args[0] === '--key-file' ? args : [];
    const typed = [PASSPHRASE];
    expect((await secret(['get', 'a', ...flags], { ...more, typed })).out).toBe('x\n');
    expect(keys.asked).toEqual([]);
  });

  it.each<[string, readonly string[], Readonly<Record<string, string>>]>([
    ['a flag', ['--key-from', 'key-store'], { THV_SECRETS_PASSPHRASE: PASSPHRASE }],
    ['a variable', [], { THV_SECRETS_KEY_FROM: 'key-store', THV_SECRETS_PASSPHRASE: PASSPHRASE }],
  ])('takes the key store and nothing else when %s says so', async (_name, args, env) => {
    const keys = createKeyStore();
    const { secret, json, files } = await createUser(keys);
    keys.state.answer = ABSENT;
    const refused = await secret(['set', 'a', ...args], { input: 'x', env });
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.err).toContain('nobody is there');
    expect(await files()).toEqual([]);
    delete keys.state.answer;
    expect(await secret(['set', 'a', ...args], { input: 'x', env })).toMatchObject({ code: 0 });
    expect((await json()).key.kind).toBe('key-store');
  });

  it.each<[string, readonly string[], Readonly<Record<string, string>>, RegExp]>([
    ['two flags', ['--key-from', 'passphrase', '--key-file', 'k'], {}, /--key-from: says another/],
    [
      'two variables',
      [],
      { THV_SECRETS_KEY_FROM: 'passphrase', THV_SECRETS_KEY_FILE: 'k' },
      /THV_SECRETS_KEY_FROM: says another thing than THV_SECRETS_KEY_FILE/,
    ],
    ['an unknown flag value', ['--key-from', 'tpm'], {}, /--key-from: "tpm" is none of/],
    ['an unknown value', [], { THV_SECRETS_KEY_FROM: 'tpm' }, /KEY_FROM: "tpm" is none of/],
  ])('is refused with %s', async (_name, args, env, message) => {
    const keys = createKeyStore();
    const { secret, files } = await createUser(keys);
    const { code, err } = await secret(['set', 'a', ...args], { input: 'x', env });
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(await files()).toEqual([]);
    expect(keys.asked).toEqual([]);
  });
});

describe('what locks the secrets', () => {
  it('is not chosen again', async () => {
    const { secret, file } = await createKeeper();
    const before = await file();
    for (const [args, env] of [
      [['set', 'token', '--key-file', 'k'], {}],
      [['set', 'token', '--key-from', 'passphrase'], {}],
      [['get', 'token'], { THV_SECRETS_KEY_FILE: 'k' }],
      [['get', 'token'], { THV_SECRETS_KEY_FROM: 'passphrase' }],
    ] as const) {
      const { code, err } = await secret(args, { input: 'y', env });
      expect(code).toBe(2);
      expect(err).toMatch(/means nothing: a key in the key store of this system/);
    }
    expect(await file()).toBe(before);
    const again = await secret(['set', 'b', '--key-from', 'key-store'], { input: 'y' });
    expect(again.code).toBe(0);
  });

  it('stays what it was where a key store has come since', async () => {
    const keys = createKeyStore();
    const { secret } = await createUser(keys);
    await secret(['set', 'a', '--key-file', 'k'], { input: 'x' });
    expect((await secret(['get', 'a'])).out).toBe('x\n');
    expect(await secret(['set', 'b'], { input: 'y' })).toMatchObject({ code: 0 });
    expect(keys.asked).toEqual([]);
    const other = await secret(['set', 'b', '--key-from', 'key-store'], { input: 'y' });
    expect(other.err).toContain('--key-from: means nothing: a key file locks the secrets');
    expect(other.err).toMatch(/somebody has changed \S+secrets\.json/);
  });

  it.each<[string, unknown, RegExp]>([
    ['a path', { kind: 'key-store', entry: '../login' }, /does not say what it is locked with/],
    ['nothing', { kind: 'key-store' }, /does not say what it is locked with/],
    ['a passphrase', { kind: 'passphrase', cost: 2 ** 17 }, /the passphrase is wrong/],
    ['a file', { kind: 'key-file', path: '/dev/null' }, /key file/],
  ])('cannot be made %s by who changes the file', async (_name, key, message) => {
    const { secret, json, write, file } = await createKeeper();
    await write({ ...(await json()), key });
    const before = await file();
    for (const args of [
      ['get', 'token'],
      ['set', 'token'],
    ]) {
      const { code, out, err } = await secret(args, {
        input: 'y',
        env: { THV_SECRETS_PASSPHRASE: PASSPHRASE },
      });
      expect(code).not.toBe(0);
      expect(out).toBe('');
      expect(err).toMatch(message);
    }
    expect(await file()).toBe(before);
  });
});
