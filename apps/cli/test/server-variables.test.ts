import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { loadBuiltInCatalogue } from '../src/catalogue/built-in.ts';
import { parseCatalogue } from '../src/catalogue/parse-catalogue.ts';
import { parseSecretBinding } from '../src/secrets/secret-name.ts';
import { parseEnvFile } from '../src/services/env-file.ts';
import { chooseServer } from '../src/services/server-argument.ts';
import { planVariables, readServerVariables } from '../src/services/server-variables.ts';
import { useTempFolder } from './temp-folder.ts';

const folder = useTempFolder({
  'a.env': 'LEVEL=file-a\nONLY_A=1\n',
  'b.env': '# comment\nexport LEVEL="file b"\n',
});

function read(plan: Partial<Parameters<typeof readServerVariables>[0]>, env = {}) {
  return readServerVariables(
    { env: [], envFiles: [], secrets: [], entry: undefined, ...plan },
    { cwd: folder.path, env },
  );
}

const entry = parseCatalogue(
  JSON.stringify({
    servers: {
      weather: {
        package: 'npx://weather',
        env_vars: [
          { name: 'LEVEL', description: 'how much', required: false, default: 'catalogue' },
          { name: 'API_KEY', description: 'the key', required: true, secret: true },
          { name: 'REGION', description: 'where', required: true },
        ],
      },
    },
  }),
  'test',
).find('weather');

describe('readServerVariables', () => {
  it('lets -e win over later files, and those over earlier ones and the catalogue', async () => {
    const env = ['API_KEY=k', 'REGION=x'];
    const level = async (plan: Parameters<typeof read>[0]) =>
      (await read({ entry, ...plan })).get('LEVEL');
    expect(await level({ env })).toBe('catalogue');
    expect(await level({ env, envFiles: ['a.env'] })).toBe('file-a');
    expect(await level({ env, envFiles: ['a.env', 'b.env'] })).toBe('file b');
    expect(await level({ env: [...env, 'LEVEL=flag'], envFiles: ['a.env'] })).toBe('flag');
  });

  it('takes a variable without a value from its own environment', async () => {
    const found = await read({ env: ['TOKEN', 'A=b=c', 'EMPTY='] }, { TOKEN: 'hunter2' });
    expect(Object.fromEntries(found)).toEqual({ TOKEN: 'hunter2', A: 'b=c', EMPTY: '' });
  });

  it.each(['=x', 'a b=x', '1A=x', 'A-B=x', 'MISSING', 'hunter2-x'])(
    'refuses -e %s without repeating a value',
    async (declaration) => {
      await expect(read({ env: [declaration] })).rejects.toMatchObject({
        exitCode: 2,
        message: expect.not.stringContaining('hunter2'),
      });
    },
  );

  it('takes secrets from variables of their own, without a store', async () => {
    const secrets = [parseSecretBinding('git.hub-token,target=TOKEN')];
    const found = await read(
      { secrets, entry, env: ['API_KEY=k', 'REGION=x'] },
      {
        THV_SECRET_GIT_HUB_TOKEN: 'hunter2',
      },
    );
    expect(found.get('TOKEN')).toBe('hunter2');
    await expect(read({ secrets })).rejects.toThrow(
      'secret git.hub-token: is not there; keep it with: thv secret set git.hub-token, or set THV_SECRET_GIT_HUB_TOKEN',
    );
  });

  it.each([
    ['a value', 'hunter2 secret', /--secret: is not NAME,target=VARIABLE/],
    ['no target', 'name', /--secret: is not NAME,target=VARIABLE/],
    ['a path', '../x,target=A', /--secret: is not a name of a secret/],
    ['no variable', 'x,target=A B', /--secret: its target is not a variable/],
    ['another order', 'target=A,x', /--secret: is not NAME,target=VARIABLE/],
  ])('refuses %s as a reference without repeating it', (_name, text, message) => {
    expect(() => parseSecretBinding(text)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringMatching(message) }),
    );
    expect(() => parseSecretBinding(text)).not.toThrow(/hunter2/);
  });

  it.each([
    [{ secret: ['a,target=X', 'b,target=X'] }],
    [{ secret: ['a,target=X'], env: ['X=1'] }],
    [{ env: ['X', 'X=2'] }],
  ])('refuses two values for one variable: %o', (flags) => {
    const choice = chooseServer('npx://x', undefined, loadBuiltInCatalogue());
    expect(() => planVariables(flags, choice)).toThrow(/X is given twice/);
  });

  it('names what is missing, and how to give it', async () => {
    await expect(read({ entry })).rejects.toThrow(
      'weather: needs API_KEY (the key), REGION (where); keep it with: thv secret set NAME, and add --secret NAME,target=API_KEY',
    );
    await expect(read({ entry, env: ['API_KEY=k', 'REGION='] })).rejects.toThrow(
      'weather: needs REGION (where); add -e REGION=VALUE',
    );
  });

  it('refuses a file that is not there, or no text', async () => {
    await writeFile(`${folder.path}/latin1.env`, Buffer.from('A=caf\xe9', 'latin1'));
    await expect(read({ envFiles: ['latin1.env'] })).rejects.toThrow('is not UTF-8 text');
    await expect(read({ envFiles: ['c.env'] })).rejects.toThrow(
      '--env-file: c.env cannot be read; check the path',
    );
  });
});

describe('parseEnvFile', () => {
  it('reads what such files hold', () => {
    const text = [
      '# comment',
      '',
      'PLAIN=a b # comment',
      '  export SPACED = x',
      'EMPTY=',
      'HASH="a # b" # comment',
      "SINGLE='a\\nb'",
      'ESCAPED="a\\nb"',
      'LINES="one',
      'TWO=2"',
      'EQUALS=a=b==',
      "QUOTE=it's",
      'export EXPORTED=`x`',
    ].join('\r\n');
    expect(Object.fromEntries(parseEnvFile(text.replaceAll('\r\nTWO', '\nTWO'), 'f'))).toEqual({
      PLAIN: 'a b',
      SPACED: 'x',
      EMPTY: '',
      HASH: 'a # b',
      SINGLE: 'a\\nb',
      ESCAPED: 'a\nb',
      LINES: 'one\nTWO=2',
      EQUALS: 'a=b==',
      QUOTE: "it's",
      EXPORTED: 'x',
    });
  });

  it.each([
    ['no name', 'A=1\n=hunter2', 'f line 2 is not NAME=VALUE'],
    ['no value', 'hunter2', 'f line 1 is not NAME=VALUE'],
    ['a name with a space', 'A B=hunter2', 'f line 1 is not NAME=VALUE'],
    ['a name that starts with a digit', '1A=hunter2', 'f line 1 is not NAME=VALUE'],
    ['a quote that stays open', 'A="hunter2\nB=1', 'f line 1 has no closing quote'],
    ['text after the quote', 'A="x" hunter2', 'f line 1 has text after the closing quote'],
    [
      'options of Node.js',
      'A=1\nexport NODE_OPTIONS="--require=hunter2"',
      'f line 2 sets NODE_OPTIONS, which Node.js obeys in thv too; give it to the server alone: -e NODE_OPTIONS=VALUE',
    ],
    ['a name twice', 'A=hunter2\n\nA=2', 'f line 3 sets A again; line 1 does already'],
  ])('refuses %s without repeating it', (_name, text, message) => {
    expect(() => parseEnvFile(text, 'f')).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: expect.stringContaining(`--env-file: ${message}`),
      }),
    );
    expect(() => parseEnvFile(text, 'f')).not.toThrow(/hunter2/);
  });
});
