import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { readClientFile, replaceClientFile } from '../src/clients/client-file.ts';
import { CLIENT_IDS, CLIENTS, type Machine } from '../src/clients/client-table.ts';
import { withoutServer, withServer } from '../src/clients/edit-servers.ts';
import { describeWorkload } from '../src/workloads/describe-workload.ts';
import { findStateFolders } from '../src/workloads/state-folders.ts';
import { runMain } from './run-main.ts';
import { runThv } from './spawn-thv.ts';
import { useTempFolder } from './temp-folder.ts';
import { startUpstreamServer } from './upstream-server.ts';

const URL_A = 'http://127.0.0.1:8080/mcp';
const folder = useTempFolder();
let home: string;
let count = 0;

beforeEach(async () => {
  count += 1;
  home = join(folder.path, `home-${count}`);
  await mkdir(join(home, '.cursor'), { recursive: true });
  await mkdir(join(home, '.claude'));
  await mkdir(join(home, '.config', 'Code', 'User'), { recursive: true });
});

const run = (...args: readonly string[]) => runMain(args, { env: { HOME: home }, cwd: home });
const add = (client: string, ...more: readonly string[]) =>
  run('client', 'add', client, '--url', URL_A, '--name', 'weather', ...more);
const fileOf = (client: string): string =>
  join(
    home,
    { 'claude-code': '.claude.json', cursor: '.cursor/mcp.json' }[client] ??
      '.config/Code/User/mcp.json',
  );
const read = (client: string): Promise<string> => readFile(fileOf(client), 'utf8');

describe('thv client', () => {
  it.each([
    ['claude-code', { mcpServers: { weather: { type: 'http', url: URL_A } } }],
    ['cursor', { mcpServers: { weather: { url: URL_A } } }],
    ['vscode', { servers: { weather: { type: 'http', url: URL_A } } }],
  ])('add and remove: %s', async (client, expected) => {
    const added = await add(client, '--format', 'json');
    expect(added, added.err).toMatchObject({ code: 0 });
    expect(JSON.parse(added.out)).toEqual({
      client,
      name: 'weather',
      url: URL_A,
      file: fileOf(client),
      backup: null,
      changed: true,
    });
    expect(JSON.parse(await read(client))).toEqual(expected);
    expect((await stat(fileOf(client))).mode & 0o777).toBe(0o600);

    const listed = await run('client', 'list');
    expect(listed.out).toBe(
      `CLIENT${' '.repeat(client.length - 6)}  NAME     URL\n${client.padEnd(6)}  weather  ${URL_A}\n`,
    );

    const removed = await run('client', 'remove', client, 'weather');
    expect(removed, removed.err).toMatchObject({ code: 0 });
    expect(Object.values(JSON.parse(await read(client)))).toEqual([{}]);
    expect(await readdir(join(fileOf(client), '..'))).not.toContainEqual(
      expect.stringMatching(/\.tmp$/),
    );
  });

  it('keeps everything else as it is, and a copy of what was there', async () => {
    const before = `{
\t// mine
\t"servers": {
\t\t"other": { "command": "npx", "env": { "KEY": "secret" } }, // keep
\t},
\t"inputs": [1,   2]
}
`;
    await writeFile(fileOf('vscode'), before);
    await chmod(fileOf('vscode'), 0o640);
    const { out } = await add('vscode');
    const backup = `${fileOf('vscode')}.before-thv`;
    expect(out).toContain(backup);
    expect(await readFile(backup, 'utf8')).toBe(before);
    const after = await read('vscode');
    const added = `\t\t"weather": {\n\t\t\t"type": "http",\n\t\t\t"url": "${URL_A}"\n\t\t},\n`;
    expect(after).toBe(before.replace('// keep\n', `// keep\n${added}`));
    for (const path of [fileOf('vscode'), backup]) {
      expect((await stat(path)).mode & 0o777).toBe(0o640);
    }
    await run('client', 'remove', 'vscode', 'weather');
    expect(await read('vscode')).toBe(before);
  });

  it('does nothing twice', async () => {
    await add('cursor');
    const before = await stat(fileOf('cursor'));
    const again = await add('cursor', '--format', 'json');
    expect(JSON.parse(again.out)).toMatchObject({ changed: false, backup: null });
    expect(again.err).toBe('thv: it was there already; nothing was changed\n');
    expect((await stat(fileOf('cursor'))).ino).toBe(before.ino);
  });

  it('replaces another server only when told to', async () => {
    const other = '{"mcpServers":{"weather":{"url":"https://else.example/mcp"}}}';
    await writeFile(fileOf('cursor'), other);
    const refused = await add('cursor');
    expect(refused).toEqual({
      code: 1,
      out: '',
      err: 'thv: weather: Cursor has another server of that name; choose another --name, or replace it with --force; nothing was changed\n',
    });
    expect(await read('cursor')).toBe(other);
    expect(await add('cursor', '--force')).toMatchObject({ code: 0 });
    expect(JSON.parse(await read('cursor'))).toEqual({ mcpServers: { weather: { url: URL_A } } });
  });

  it('removes nothing that it would not have written', async () => {
    const text = '{"mcpServers":{"mine":{"command":"npx"}}}';
    await writeFile(fileOf('cursor'), text);
    for (const [name, why] of [
      ['mine', 'it is none of thv: it has no URL'],
      ['none', 'Cursor has no server of that name'],
    ] as const) {
      const { code, err } = await run('client', 'remove', 'cursor', name);
      expect(code).toBe(1);
      expect(err).toContain(`thv: ${name}: ${why}; `);
    }
    expect(await read('cursor')).toBe(text);
  });

  it.each<[string, string | Uint8Array, string]>([
    ['JSON that ends early', '{"mcpServers": {', 'it is not JSON: see line 1'],
    ['a word on line 3', '{\n"mcpServers": {},\noops }', 'it is not JSON: see line 3'],
    ['an array', '[]', 'it holds no JSON object'],
    ['servers in a list', '{"mcpServers": []}', '"mcpServers" is no object'],
    [
      'two lists of servers',
      '{"mcpServers":{},"mcpServers":{}}',
      '"mcpServers" stands in it twice',
    ],
    ['a name twice', '{"mcpServers":{"a":{},"a":{}}}', '"a" stands in it twice'],
    [
      'bytes that are no UTF-8',
      Uint8Array.of(0x7b, 0xff, 0x7d),
      'it is not UTF-8; save it as UTF-8',
    ],
  ])('leaves a damaged file alone: %s', async (_name, content, why) => {
    await writeFile(fileOf('cursor'), content);
    const { code, out, err } = await add('cursor');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(`thv: ${fileOf('cursor')}: ${why}; `);
    expect(err).toMatch(/nothing was changed\n$/);
    expect(await readFile(fileOf('cursor'))).toEqual(Buffer.from(content));
    expect(await readdir(join(home, '.cursor'))).toEqual(['mcp.json']);
  });

  it('follows a link to a file, and says so when there is none', async () => {
    const real = join(home, 'dotfiles.json');
    await writeFile(real, '{}');
    await symlink(real, fileOf('cursor'));
    expect(await add('cursor')).toMatchObject({ code: 0 });
    expect((await lstat(fileOf('cursor'))).isSymbolicLink()).toBe(true);
    expect(JSON.parse(await readFile(real, 'utf8'))).toHaveProperty('mcpServers.weather');

    await rm(real);
    const { code, err } = await add('cursor');
    expect(code).toBe(1);
    expect(err).toContain('it is a link to a file that is not there');
    expect(await readdir(home)).not.toContain('dotfiles.json');
  });

  it('says what is in the way', async () => {
    await mkdir(fileOf('cursor'));
    expect((await add('cursor')).err).toContain('it is no file');
    await rm(join(home, '.cursor'), { recursive: true });
    expect(await add('cursor')).toEqual({
      code: 1,
      out: '',
      err: `thv: Cursor: there is no ${join(home, '.cursor')}; start Cursor once, or name its file with --file\n`,
    });
    await writeFile(join(home, '.cursor'), '');
    expect((await add('cursor')).err).toContain('a part of its path is no folder');
  });

  it('writes the file of a project', async () => {
    await mkdir(join(home, '.vscode'));
    const args = ['--file', '.vscode/mcp.json'];
    expect(await add('vscode', ...args)).toMatchObject({ code: 0 });
    const text = await readFile(join(home, '.vscode', 'mcp.json'), 'utf8');
    expect(JSON.parse(text)).toHaveProperty('servers.weather');
    expect((await add('vscode', '--file', 'nowhere/mcp.json')).err).toContain(
      `thv: --file: there is no ${join(home, 'nowhere')}; create the folder first`,
    );
    expect(await run('client', 'remove', 'vscode', 'weather', ...args)).toMatchObject({ code: 0 });
  });

  it.each([
    ['no server', ['--name', 'x'], 'client add: no server is named'],
    ['two servers', ['weather', '--url', URL_A], '--url: means nothing beside a name'],
    ['no name', ['--url', URL_A], '--name: missing'],
    [
      'a URL with a password',
      ['--url', 'http://a:b@c/', '--name', 'x'],
      '--url: holds a user name',
    ],
    ['a name with dots', ['--url', URL_A, '--name', '127.0.0.1'], '--name: Claude Code takes no'],
    ['a long name', ['--url', URL_A, '--name', 'n'.repeat(200)], '--name: Claude Code takes no'],
  ])('refuses %s: exit code 2', async (_name, flags, message) => {
    const { code, err } = await run('client', 'add', 'claude-code', ...flags);
    expect(code).toBe(2);
    expect(err).toContain(`thv: ${message}`);
  });

  it('knows servers in the background by name', async () => {
    const upstream = await startUpstreamServer();
    const env = { HOME: home, XDG_STATE_HOME: join(home, 'state') };
    const add = (...args: readonly string[]) =>
      runMain(['client', 'add', 'cursor', ...args, '--format', 'json'], { env, cwd: home });
    try {
      const started = await runThv(
        [
          'run',
          '--name',
          'weather',
          '--host',
          '0.0.0.0',
          '--allow-insecure-anonymous',
          upstream.url,
        ],
        { env },
      );
      expect(started.code, started.err).toBe(0);
      const added = await add('weather');
      expect(added.code, added.err).toBe(0);
      expect(JSON.parse(added.out)).toMatchObject({
        name: 'weather',
        url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/mcp$/),
      });
      expect(JSON.parse((await add('weather', '--name', 'other')).out)).toMatchObject({
        name: 'other',
      });
      expect(await add('wether')).toMatchObject({
        code: 1,
        err: 'thv: wether: there is no server of this name; did you mean weather?\n',
      });
      await runMain(['stop', 'weather'], { env });
      expect(await add('weather')).toMatchObject({
        code: 1,
        err: 'thv: weather: it has no URL now: it is stopped; start it with thv start weather\n',
      });
    } finally {
      await runMain(['rm', '--all'], { env });
      await upstream.close();
    }
  });

  it('gives clients the URL under which others reach the server', () => {
    const record = {
      run: {
        name: 'x',
        workingDirectory: '/',
        flags: { 'resource-url': 'https://mcp.example/mcp' },
        givenByValue: [],
      },
      ...{ createdAt: '', process: undefined, failure: undefined, lastPort: undefined },
    };
    const looked = { record, detail: undefined, health: 'ready', restarts: 0, uptimeSeconds: 1 };
    const folders = findStateFolders({ XDG_STATE_HOME: '/state' });
    const urlOf = (status: 'running' | 'stopped', url: string | undefined) =>
      describeWorkload({ ...looked, status, url }, folders).clientUrl;
    expect(urlOf('running', URL_A)).toBe('https://mcp.example/mcp');
    expect(urlOf('stopped', undefined)).toBeUndefined();
  });

  it('lists what it can read, without what may be secret', async () => {
    await writeFile(fileOf('cursor'), 'oops');
    await writeFile(
      fileOf('claude-code'),
      '{"mcpServers":{"a":{"type":"http","url":"https://x.example/mcp?key=hunter2","headers":{"K":"hunter2"}},"b":{"command":"hunter2"}}}',
    );
    const { code, out, err } = await run('client', 'list', '--format', 'json');
    expect(code).toBe(1);
    expect(err).toMatch(/^thv: warning: Cursor: .*: it is not JSON: see line 1\n$/);
    expect(JSON.parse(out)).toEqual([
      {
        client: 'claude-code',
        file: fileOf('claude-code'),
        state: 'ok',
        servers: [{ name: 'a', url: 'https://x.example/mcp?…' }],
      },
      { client: 'cursor', file: null, state: 'unusable', servers: [] },
      { client: 'vscode', file: fileOf('vscode'), state: 'missing', servers: [] },
    ]);
  });
});

describe('replaceClientFile', () => {
  it('keeps what the client has saved in the meantime', async () => {
    const path = fileOf('cursor');
    await writeFile(path, '{}');
    const seen = await readClientFile(path);
    await writeFile(path, '{"new":1}');
    await expect(replaceClientFile(seen, '{"mcpServers":{}}')).rejects.toThrow(
      'it has just changed; try again, with the client closed; nothing was changed',
    );
    expect(await readFile(path, 'utf8')).toBe('{"new":1}');
    expect((await readdir(join(home, '.cursor'))).filter((name) => name.endsWith('.tmp'))).toEqual(
      [],
    );
  });

  it('does not create a file over one that has just appeared', async () => {
    const path = fileOf('cursor');
    const seen = await readClientFile(path);
    await writeFile(join(home, 'other'), '');
    await link(join(home, 'other'), path);
    await expect(replaceClientFile(seen, '{}')).rejects.toThrow('it has just changed');
  });
});

describe('edits', () => {
  const server = { key: 'servers', name: 'x', entry: { url: 'u' } };

  it.each([
    ['nothing', '', '{\n  "servers": {\n    "x": {\n      "url": "u"\n    }\n  }\n}\n'],
    [
      'CRLF and wide indents',
      '{\r\n    "a": 1\r\n}\r\n',
      '{\r\n    "a": 1,\r\n    "servers": {\r\n        "x": {\r\n            "url": "u"\r\n        }\r\n    }\r\n}\r\n',
    ],
    [
      'a byte order mark',
      '\u{feff}{}',
      '\u{feff}{\n  "servers": {\n    "x": {\n      "url": "u"\n    }\n  }\n}',
    ],
    [
      'everything on one line',
      '{"servers":{"a":{}},"b":1}',
      '{"servers":{"a":{},\n  "x": {\n    "url": "u"\n  }\n},"b":1}',
    ],
    [
      'comments, with commas in them',
      '{\n  "servers": { // mine, all\n    "a": {} /* a, b */ // c, d\n  }\n}',
      '{\n  "servers": { // mine, all\n    "a": {}, /* a, b */ // c, d\n    "x": {\n      "url": "u"\n    }\n  }\n}',
    ],
    [
      'a comment alone',
      '{\n  "servers": { // none yet\n  }\n}',
      '{\n  "servers": { // none yet\n    "x": {\n      "url": "u"\n    }\n  }\n}',
    ],
    [
      'the server already, another one',
      '{"servers": {"x": {"url": "old"} /* why */, "z": {}}}',
      '{"servers": {"x": {\n  "url": "u"\n} /* why */, "z": {}}}',
    ],
  ])('adds to a file with %s', (_name, text, expected) => {
    expect(withServer(text, server)).toBe(expected);
  });

  it.each([
    ['the only one', '{ "servers": {\n  "x": {}\n} }', '{ "servers": {} }'],
    ['the first', '{"servers":{"x":{}, "a":{}}}', '{"servers":{ "a":{}}}'],
    ['the last', '{"servers":{"a":{}, /*,*/ "x":{}}}', '{"servers":{"a":{} /*,*/ }}'],
    [
      'one with a comma behind it',
      '{"servers":{\n"a":{}, // a\n"x":{} /*,*/, // x\n}}',
      '{"servers":{\n"a":{}, // a\n// x\n}}',
    ],
    [
      'one on a line with another',
      '{"servers":{\n"a":{}, // a\n"x":{}, "b":{} }}',
      '{"servers":{\n"a":{}, // a\n "b":{} }}',
    ],
    [
      'the last, before the end of its object',
      '{"servers":{\n"a":{}, // a\n"x":{} }}',
      '{"servers":{\n"a":{} // a\n }}',
    ],
    ['none', '{"servers":{}}', '{"servers":{}}'],
    ['none of none', '{}', '{}'],
  ])('removes %s', (_name, text, expected) => {
    expect(withoutServer(text, server)).toBe(expected);
  });

  it('adds to any file what it removes again', () => {
    // By way of text: as JSON, -0 is 0.
    const anyValue = fc.json().map((text) => JSON.parse(text));
    const anyEntry = fc.dictionary(fc.string(), anyValue);
    const servers = fc.dictionary(fc.string(), anyEntry);
    const file = fc.record({ servers, other: anyValue }, { requiredKeys: [] });
    const layout = fc.constantFrom(undefined, 2, 4, '\t');
    fc.assert(
      fc.property(file, layout, fc.string(), (content, indent, name) => {
        fc.pre(!Object.hasOwn(content.servers ?? {}, name));
        const text = JSON.stringify(content, undefined, indent);
        const added = withServer(text, { ...server, name });
        expect(JSON.parse(added)).toEqual({
          ...content,
          servers: { ...content.servers, [name]: server.entry },
        });
        expect(JSON.parse(withoutServer(added, { ...server, name }))).toEqual({
          ...content,
          servers: content.servers ?? {},
        });
      }),
    );
  });
});

describe('where clients keep their files', () => {
  const machine = (platform: NodeJS.Platform, env: Machine['env'] = {}): Machine => ({
    platform,
    env,
    home: '/home/ann',
  });

  it.each([
    ['linux', {}, '/home/ann/.claude.json', '/home/ann/.config/Code/User/mcp.json'],
    [
      'linux',
      { XDG_CONFIG_HOME: '/cfg', CLAUDE_CONFIG_DIR: '/claude' },
      '/claude/.claude.json',
      '/cfg/Code/User/mcp.json',
    ],
    [
      'darwin',
      {},
      '/home/ann/.claude.json',
      '/home/ann/Library/Application Support/Code/User/mcp.json',
    ],
    ['win32', { APPDATA: '/roaming' }, '/home/ann/.claude.json', '/roaming/Code/User/mcp.json'],
  ] as const)('%s %o', (platform, env, claude, vscode) => {
    const at = machine(platform, env);
    expect(CLIENT_IDS.map((id) => CLIENTS[id].file(at))).toEqual([
      claude,
      '/home/ann/.cursor/mcp.json',
      vscode,
    ]);
  });
});
