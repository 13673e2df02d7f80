/** `thv secret rekey`: another key for the secrets that are there, and all of them or nothing. */
import { copyFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { KeyStore } from '../src/secrets/key-store.ts';
import { type RunMainOptions, runMain } from './run-main.ts';
import { useTempFolder } from './temp-folder.ts';

const folder = useTempFolder();
const OLD = { THV_SECRETS_PASSPHRASE: 'correct horse' };
const NEW = { THV_SECRETS_NEW_PASSPHRASE: 'battery staple' };
let homes = 0;

/** A key store that works. */
function createKeyStore() {
  const entries = new Map<string, string>();
  const keyStore: KeyStore = async (request) => {
    if (request.do === 'create') {
      entries.set(request.entry, request.text);
    }
    const text = entries.get(request.entry);
    return text === undefined ? { status: 'missing' } : { status: 'found', text };
  };
  return { entries, keyStore };
}

/** A user with a secret, locked as the arguments of the first `set` say. */
async function createKeeper(args: readonly string[] = [], more: RunMainOptions = { env: OLD }) {
  homes += 1;
  const home = `${folder.path}/${homes}`;
  await mkdir(home);
  const path = `${home}/config/thv/secrets.json`;
  const secret = async (words: readonly string[], options: RunMainOptions = {}) => {
    const env = { XDG_CONFIG_HOME: `${home}/config`, XDG_STATE_HOME: `${home}/state` };
    const all = { cwd: home, ...options, env: { ...env, ...options.env } };
    const result = await runMain(['secret', ...words], all);
    return { ...result, err: result.err.replaceAll(/\n {2,}/g, ' ') };
  };
  const first = await secret(['set', 'a', ...args], { ...more, input: 'hunter2' });
  expect(first.code, first.err).toBe(0);
  const get = async (options: RunMainOptions) => (await secret(['get', 'a'], options)).out;
  const kind = async () => JSON.parse(await readFile(path, 'utf8')).key.kind;
  return { home, path, secret, get, kind, file: () => readFile(path, 'utf8') };
}

const VALUE = 'hunter2\n';

describe('thv secret rekey', () => {
  it('changes the passphrase', async () => {
    const { secret, get, file } = await createKeeper();
    const before = JSON.parse(await file());
    expect(await secret(['rekey'], { env: { ...OLD, ...NEW } })).toMatchObject({
      code: 0,
      out: '',
    });
    const after = JSON.parse(await file());
    for (const part of ['salt', 'check', 'nonce', 'data']) {
      expect(after[part]).not.toBe(before[part]);
    }
    expect(await get({ env: { THV_SECRETS_PASSPHRASE: 'battery staple' } })).toBe(VALUE);
    const old = await secret(['get', 'a'], { env: OLD });
    expect(old).toMatchObject({ code: 1, out: '' });
    expect(old.err).toContain('the passphrase is wrong');
  });

  it('asks for the passphrase, and for the new one twice', async () => {
    const { secret, get } = await createKeeper();
    const typed = ['correct horse', 'battery staple', 'battery staple'];
    const { code, err } = await secret(['rekey'], { typed });
    expect(code, err).toBe(0);
    expect(err).not.toMatch(/horse|staple/);
    expect(await get({ typed: ['battery staple'] })).toBe(VALUE);
  });

  it('goes from a passphrase to a key file, to the key store, to a new entry of it, and back', async () => {
    const { entries, keyStore } = createKeyStore();
    const { secret, get, kind } = await createKeeper();
    await secret(['set', 'b'], { env: OLD, input: 'swordfish' });
    expect((await secret(['rekey', '--new-key-file', 'key'], { env: OLD })).code).toBe(0);
    expect(await kind()).toBe('key-file');
    expect(await get({})).toBe(VALUE);
    const moved = await secret(['rekey', '--new-key-from', 'key-store'], { keyStore });
    expect(moved.code, moved.err).toBe(0);
    expect(await kind()).toBe('key-store');
    expect(await get({ keyStore })).toBe(VALUE);
    expect((await secret(['rekey'], { keyStore })).code).toBe(0);
    // The entries of a key store are never removed.
    expect(entries.size).toBe(2);
    expect(await get({ keyStore })).toBe(VALUE);
    const back = await secret(['rekey', '--new-key-from', 'passphrase'], { keyStore, env: NEW });
    expect(back.code, back.err).toBe(0);
    const env = { THV_SECRETS_PASSPHRASE: 'battery staple' };
    expect((await secret(['get', 'b'], { env })).out).toBe('swordfish\n');
    expect(await kind()).toBe('passphrase');
    expect(await get({ env: { THV_SECRETS_PASSPHRASE: 'battery staple' } })).toBe(VALUE);
  });

  it('takes the key of today as the other commands do', async () => {
    const { home, secret, get } = await createKeeper(['--key-file', 'key'], {});
    await copyFile(`${home}/key`, `${home}/moved`);
    await writeFile(`${home}/key`, 'no key');
    const { code, err } = await secret(['rekey', '--key-file', 'moved', '--new-key-file', 'next']);
    expect(code, err).toBe(0);
    expect(await get({})).toBe(VALUE);
  });

  it.each<[string, readonly string[], RunMainOptions, 1 | 2, RegExp]>([
    [
      'the wrong passphrase',
      [],
      { env: { THV_SECRETS_PASSPHRASE: 'x'.repeat(9), ...NEW } },
      1,
      /is wrong/,
    ],
    ['no new one and no terminal', [], { env: OLD }, 2, /set THV_SECRETS_NEW_PASSPHRASE/],
    [
      'a short one',
      [],
      { env: { ...OLD, THV_SECRETS_NEW_PASSPHRASE: 'short' } },
      2,
      /shorter than 8/,
    ],
    [
      'a typing error',
      [],
      { typed: ['correct horse', 'battery staple', 'battery stable'] },
      2,
      /not the same twice/,
    ],
    [
      'two kinds',
      ['--new-key-from', 'passphrase', '--new-key-file', 'k'],
      { env: OLD },
      2,
      /drop one of them/,
    ],
    ['a kind that is none', ['--new-key-from', 'paper'], { env: OLD }, 2, /--new-key-from/],
    [
      'no key store',
      ['--new-key-from', 'key-store'],
      { env: OLD },
      1,
      /--new-key-from passphrase or --new-key-file/,
    ],
    ['a key file that is none', ['--new-key-file', 'text'], { env: OLD }, 2, /text/],
    ['a key file in no folder', ['--new-key-file', 'none/key'], { env: OLD }, 2, /none/],
  ])('changes nothing with %s', async (_what, args, options, code, message) => {
    const { home, path, secret, get, file } = await createKeeper();
    await writeFile(`${home}/text`, 'no key', { mode: 0o600 });
    const before = await file();
    const result = await secret(['rekey', ...args], options);
    expect(result.err).toMatch(message);
    expect(result).toMatchObject({ code, out: '' });
    expect(await file()).toBe(before);
    expect(await get({ env: OLD })).toBe(VALUE);
    expect(await readdir(path.replace(/\/[^/]*$/, ''))).toEqual(['secrets.json']);
    expect((await readdir(home)).toSorted()).toEqual(['config', 'text']);
  });

  it('wants another key file in the place of one', async () => {
    const { secret, get } = await createKeeper(['--key-file', 'key'], {});
    const none = await secret(['rekey']);
    expect(none).toMatchObject({ code: 2 });
    expect(none.err).toContain('--new-key-file');
    const same = await secret(['rekey', '--new-key-file', './key']);
    expect(same).toMatchObject({ code: 2 });
    expect(same.err).toMatch(/locks them already/);
    expect(await get({})).toBe(VALUE);
  });

  it('takes no copy of that file, no link to it, and not the same passphrase', async () => {
    const { home, secret, get, file } = await createKeeper(['--key-file', 'key'], {});
    await copyFile(`${home}/key`, `${home}/copy`);
    await symlink('key', `${home}/link`);
    const before = await file();
    for (const name of ['copy', 'link']) {
      const { code, err } = await secret(['rekey', '--new-key-file', name]);
      expect(code).toBe(2);
      expect(err).toContain(`the key in ${home}/${name} locks them already`);
    }
    expect(await file()).toBe(before);
    expect(await get({})).toBe(VALUE);
    const other = await createKeeper();
    const env = { ...OLD, THV_SECRETS_NEW_PASSPHRASE: OLD.THV_SECRETS_PASSPHRASE };
    const { code, err } = await other.secret(['rekey'], { env });
    expect(code).toBe(2);
    expect(err).toContain('new passphrase: it locks them already; choose another');
  });

  it('says which variables name another key from then on', async () => {
    const { home, secret } = await createKeeper(['--key-file', 'key'], {});
    const env = { THV_SECRETS_KEY_FILE: `${home}/key` };
    const { code, err } = await secret(['rekey', '--new-key-file', 'next'], { env });
    expect(code, err).toBe(0);
    expect(err).toContain('THV_SECRETS_KEY_FILE is set here and names another key; change it');
    const after = await secret(['rekey', '--new-key-file', 'third', '--key-file', 'next'], {
      env: { THV_SECRETS_KEY_FILE: 'third', THV_SECRETS_KEY_FROM: '' },
    });
    expect(after.code, after.err).toBe(0);
    expect(after.err).not.toContain('warning');
    const from = await createKeeper([], { env: { ...OLD, THV_SECRETS_KEY_FROM: 'passphrase' } });
    const moved = await from.secret(['rekey', '--new-key-file', 'key'], {
      env: { ...OLD, THV_SECRETS_KEY_FROM: 'passphrase' },
    });
    expect(moved.code, moved.err).toBe(0);
    expect(moved.err).toContain('THV_SECRETS_KEY_FROM is set here and names another key');
  });

  it('makes no store where there is none', async () => {
    homes += 1;
    const home = `${folder.path}/${homes}`;
    await mkdir(home);
    const env = { XDG_CONFIG_HOME: `${home}/config`, ...NEW };
    const { code, err } = await runMain(['secret', 'rekey'], { env, cwd: home });
    expect(code).toBe(1);
    expect(err).toContain('thv secret set');
    expect(await readdir(home)).toEqual([]);
  });
});
