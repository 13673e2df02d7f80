/** `thv config set-registry`: names of servers from a registry of the user's own. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chooseCatalogue } from '../src/catalogue/choose-catalogue.ts';
import { createLog } from '../src/log.ts';
import { fetchRegistry } from '../src/registry/fetch-registry.ts';
import { planRun } from '../src/services/run-options.ts';
import { readServerVariables } from '../src/services/server-variables.ts';
import { createIo, runMain } from './run-main.ts';
import { useTempFolder } from './temp-folder.ts';

const folder = useTempFolder();
const servers: Server[] = [];
let round = 0;
let home: string;
let env: Readonly<Record<string, string>>;

beforeEach(async () => {
  round += 1;
  home = join(folder.path, `home-${round}`);
  await mkdir(home);
  env = { HOME: home };
});

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

const config = (...args: readonly string[]) => runMain(['config', ...args], { env, cwd: home });
const registryText = (weather: unknown, more: object = {}) =>
  JSON.stringify({ version: '1.0.0', servers: { weather, ...more } });
const write = (name: string, text: string) => writeFile(join(home, name), text);
const configFile = () => join(home, '.config', 'thv', 'config.yaml');

async function serve(answer: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  // Safe: it listens on TCP.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/r.json`, server };
}

/** What `thv run NAME` would do, and what it says. */
async function resolveName(server: string, more: Readonly<Record<string, string>> = {}) {
  const { io, said } = createIo({ env: { ...env, ...more }, cwd: home });
  const catalogue = await chooseCatalogue({ server }, io, createLog(io, {}));
  const input = { server, serverArgs: undefined, flags: {}, userName: 'ann', catalogue };
  const plan = planRun({ ...input, env: io.env, cwd: home });
  return { plan, io, said };
}

describe('a registry that is a file', () => {
  it('is set, shown, used at once when it changes, and forgotten', async () => {
    await write('r.json', registryText({ package: 'npx://weather-mcp', args: ['--metric'] }));
    const set = await config('set-registry', 'r.json');
    expect(set).toMatchObject({ code: 0, out: '' });
    expect(set.err).toContain(`registry set: 1 server from ${join(home, 'r.json')}`);
    expect((await config('get-registry')).out).toBe(`${join(home, 'r.json')}\n`);
    expect(JSON.parse((await config('get-registry', '--format', 'json')).out)).toEqual({
      registry: join(home, 'r.json'),
    });
    const { plan } = await resolveName('weather');
    expect(plan.server).toMatchObject({ kind: 'npx', packageName: 'weather-mcp' });
    expect(plan.notices[0]).toBe(
      `weather is npx://weather-mcp --metric, says ${join(home, 'r.json')}`,
    );
    await write('r.json', registryText({ package: 'uvx://weather-py' }));
    expect((await resolveName('weather')).plan.server).toMatchObject({ kind: 'uvx' });
    expect(await config('unset-registry')).toMatchObject({ code: 0, out: '' });
    await expect(resolveName('weather')).rejects.toThrow(/built-in catalogue has no such server/);
    const none = await config('get-registry');
    expect(none).toMatchObject({ code: 0, out: '', err: expect.stringMatching(/no registry/) });
    expect((await config('get-registry', '--format', 'json')).out).toBe('{"registry":null}\n');
    expect((await config('unset-registry')).code).toBe(0);
  });

  it('comes before the built-in catalogue, and both are searched for what was meant', async () => {
    await write('r.json', registryText({ package: 'npx://w' }, { time: { package: 'npx://t' } }));
    const { err } = await config('set-registry', 'r.json');
    expect(err).toMatch(/these come before built-in ones of that name: time/);
    const { plan } = await resolveName('time');
    expect(plan.server).toMatchObject({ kind: 'npx', packageName: 't' });
    expect(plan.notices[0]).toMatch(
      /^time is npx:\/\/t, says .*instead of uvx:\/\/mcp-server-time$/,
    );
    expect((await resolveName('fetch')).plan.server).toMatchObject({ kind: 'uvx' });
    await expect(resolveName('wether')).rejects.toThrow(/did you mean weather\?/);
    await expect(resolveName('fetsh')).rejects.toThrow(/did you mean fetch\?/);
  });

  it('hides the built-in server of that name also where its own entry is of no use', async () => {
    await write('r.json', registryText({ package: 'npx://w' }, { time: { package: 'sh' } }));
    expect((await config('set-registry', 'r.json', '--allow-unusable')).code).toBe(0);
    await expect(resolveName('time')).rejects.toThrow(/r.json: time: package is not npx/);
  });

  it('that cannot be read any more stops names, and nothing else', async () => {
    await write('r.json', registryText({ package: 'npx://w' }));
    await config('set-registry', 'r.json');
    await write('r.json', '{');
    await expect(resolveName('time')).rejects.toThrow(/r.json: is not JSON/);
    await expect(resolveName('npx://x')).resolves.toBeDefined();
    await expect(resolveName('ghcr.io/x/y:1')).resolves.toBeDefined();
    await expect(resolveName('https://x.example/mcp')).resolves.toBeDefined();
  });

  it.each<[string, string, RegExp]>([
    ['no JSON', 'servers: []', /is not JSON/],
    ['no registry', '{}', /has no servers/],
    ['an unknown key', registryText({ package: 'npx://w', arg: [] }), /"arg"; did you mean args/],
    ['a command', registryText({ package: 'sh -c x' }), /package is not npx/],
    [
      'a flag as a package',
      registryText({ package: 'npx://--yes' }),
      /weather: npx:\/\/--yes is not/,
    ],
    ['a flag as an image', registryText({ image: '--privileged' }), /image is no reference/],
    ['a package as an image', registryText({ image: 'npx://evil' }), /image is no reference/],
    ['a URL as an image', registryText({ image: 'https://evil.example' }), /image is no reference/],
    [
      'a privileged container',
      registryText({ image: 'x/y', permissions: { privileged: true } }),
      /never/,
    ],
    ['a file as a URL', '{"remote_servers":{"w":{"url":"file:///etc/passwd"}}}', /not an http/],
    ['a password in a URL', '{"remote_servers":{"w":{"url":"https://u:p@x.example"}}}', /password/],
  ])('with %s is not set', async (_name, text, message) => {
    await write('r.json', text);
    const { code, err } = await config('set-registry', 'r.json');
    expect(code).toBe(2);
    expect(err).toMatch(message);
    await expect(stat(configFile())).rejects.toThrow('ENOENT');
  });

  it.each([
    'PATH',
    'npm_config_registry',
    'NODE_OPTIONS',
    'LD_PRELOAD',
    'UV_INDEX_URL',
    'HOME',
    'PYTHONPATH',
    'HTTPS_PROXY',
    'https_proxy',
    'SSL_CERT_FILE',
    'XDG_CONFIG_HOME',
    'GIT_SSH_COMMAND',
    'PREFIX',
    'NAPI_RS_NATIVE_LIBRARY_PATH',
  ])('cannot make a package another one by a value for %s', async (name) => {
    const variable = { name, default: '/evil' };
    await write('r.json', registryText({ package: 'npx://w', env_vars: [variable] }));
    const { code, err } = await config('set-registry', 'r.json');
    expect(code).toBe(2);
    expect(err).toMatch(/could make it run another package/);
  });

  it.each(['NODE_ENV', 'GITHUB_HOST', 'PYTHONUNBUFFERED', 'API_URL'])(
    'may have a value for %s',
    async (name) => {
      const variable = { name, default: '1' };
      await write('r.json', registryText({ package: 'npx://w', env_vars: [variable] }));
      expect((await config('set-registry', 'r.json')).code).toBe(0);
      const { plan, io } = await resolveName('weather');
      expect(plan.notices[0]).toContain(`weather is npx://w (${name}=1), says `);
      expect(await readServerVariables(plan.variables, io)).toEqual(new Map([[name, '1']]));
    },
  );

  it("never passes on what thv's own environment holds", async () => {
    const variables = [
      { name: 'CLOUD_KEY', secret: true },
      { name: 'TEMPLATE', default: '$CLOUD_KEY $(CLOUD_KEY)' },
    ];
    await write('r.json', registryText({ package: 'npx://w', env_vars: variables }));
    await config('set-registry', 'r.json');
    const own = { CLOUD_KEY: 'hunter2' };
    const { plan, io } = await resolveName('weather', own);
    expect(await readServerVariables(plan.variables, io)).toEqual(
      new Map([['TEMPLATE', '$CLOUD_KEY $(CLOUD_KEY)']]),
    );
    const needed = [{ name: 'CLOUD_KEY', required: true, secret: true }];
    await write('r.json', registryText({ package: 'npx://w', env_vars: needed }));
    const second = await resolveName('weather', own);
    await expect(readServerVariables(second.plan.variables, second.io)).rejects.toThrow(
      /weather: needs CLOUD_KEY/,
    );
  });

  it('is refused when it is too large, a folder or not there', async () => {
    await write('large.json', ' '.repeat(8 * 1024 * 1024 + 1));
    expect((await config('set-registry', 'large.json')).err).toMatch(/is larger than 8 MiB/);
    expect((await config('set-registry', '.')).err).toMatch(/is no file/);
    expect((await config('set-registry', 'none.json')).err).toMatch(/cannot be read \(ENOENT\)/);
  });
});

describe('a registry that is a URL', () => {
  it('is loaded each time, and its copy used with a warning while it cannot be reached', async () => {
    let text = registryText({ package: 'npx://one' });
    const { url, server } = await serve((_request, response) => void response.end(text));
    expect((await config('set-registry', `${url}?key=hunter2`)).code).toBe(0);
    text = registryText({ package: 'npx://two' });
    const fresh = await resolveName('weather');
    expect(fresh.plan.server).toMatchObject({ packageName: 'two' });
    expect(fresh.said.err).toBe('');
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    servers.splice(0);
    const old = await resolveName('weather');
    expect(old.plan.server).toMatchObject({ packageName: 'two' });
    expect(old.said.err).toMatch(
      /^thv: warning: http.*cannot be reached \(ECONNREFUSED\); the copy/,
    );
    expect(old.said.err + old.plan.notices.join()).not.toContain('hunter2');
    const cache = join(home, '.cache', 'thv');
    const [copy = ''] = await readdir(cache);
    expect((await stat(cache)).mode & 0o777).toBe(0o700);
    expect((await stat(join(cache, copy))).mode & 0o777).toBe(0o600);
    await config('unset-registry');
    expect(await readdir(cache)).toEqual([]);
  });

  it('without a copy stops names: they might mean another server', async () => {
    const { url } = await serve((_request, response) => void response.writeHead(503).end());
    await mkdir(join(home, '.config', 'thv'), { recursive: true });
    await writeFile(configFile(), `registry: ${url}\n`);
    await expect(resolveName('time')).rejects.toThrow(/answers 503; try again/);
  });

  it('uses its copy for a 503, and not for an answer that is something else', async () => {
    const answer = { status: 200, text: registryText({ package: 'npx://one' }) };
    const { url } = await serve(
      (_request, response) => void response.writeHead(answer.status).end(answer.text),
    );
    await config('set-registry', url);
    answer.status = 503;
    expect((await resolveName('weather')).said.err).toMatch(/answers 503; the copy of/);
    answer.status = 404;
    await expect(resolveName('weather')).rejects.toThrow(/answers 404/);
    Object.assign(answer, { status: 200, text: '<html>' });
    await expect(resolveName('weather')).rejects.toThrow(/is not JSON/);
  });

  it('believes no copy that somebody else may have written, and waits for no pipe', async () => {
    const answer = { status: 200 };
    const { url } = await serve(
      (_request, response) =>
        void response.writeHead(answer.status).end(registryText({ package: 'npx://one' })),
    );
    await config('set-registry', url);
    answer.status = 503;
    const cache = join(home, '.cache', 'thv');
    const [copy = ''] = await readdir(cache);
    const spy = vi.spyOn(process, 'getuid').mockReturnValue((process.getuid?.() ?? 0) + 1);
    await expect(resolveName('weather')).rejects.toThrow(/answers 503; try again/);
    spy.mockRestore();
    await rm(join(cache, copy));
    execFileSync('mkfifo', [join(cache, copy)]);
    await expect(resolveName('weather')).rejects.toThrow(/answers 503; try again/);
  });

  it('follows its own host and no other', async () => {
    let asked = 0;
    const other = await serve((_request, response) => {
      asked += 1;
      response.end(registryText({ package: 'npx://evil' }));
    });
    let rounds = 0;
    const { url } = await serve((request, response) => {
      rounds += request.url === '/round.json' ? 1 : 0;
      const { pathname } = new URL(request.url ?? '/', 'http://x');
      const to: Readonly<Record<string, string>> = {
        '/r.json': '/moved.json',
        '/away.json': other.url,
        '/round.json': '/round.json',
      };
      const location = to[pathname];
      return location === undefined
        ? response.end(registryText({ package: 'npx://one' }))
        : response.writeHead(302, { location }).end();
    });
    expect((await config('set-registry', url)).code).toBe(0);
    const away = await config('set-registry', url.replace('r.json', 'away.json'));
    expect(away).toMatchObject({ code: 1, err: expect.stringMatching(/sends on to http/) });
    expect(asked).toBe(0);
    const round = await config('set-registry', url.replace('r.json', 'round.json'));
    expect(round).toMatchObject({ code: 1, err: expect.stringMatching(/again and again/) });
    expect(rounds).toBe(4);
    expect((await config('get-registry')).out).toBe(`${url}\n`);
  });

  it('is read up to 8 MiB, whatever it says about its size', async () => {
    let sent = 0;
    const { url } = await serve((_request, response) => {
      const chunk = ' '.repeat(1024 * 1024);
      const more = () => {
        do {
          sent += 1;
        } while (!response.destroyed && response.write(chunk));
        response.once('drain', more);
      };
      more();
    });
    const { code, err } = await config('set-registry', url);
    expect(code).toBe(1);
    expect(err).toMatch(/is larger than 8 MiB/);
    // What waits in the buffers of both ends comes on top.
    expect(sent).toBeLessThan(64);
  });

  it('is given up when it does not answer, also in the middle of it', async () => {
    const { url } = await serve((_request, response) => void response.write('{'));
    await expect(fetchRegistry(new URL(url), { shown: url, timeout: 200 })).rejects.toThrow(
      /does not answer within 0.2s/,
    );
  });

  it.each<[string, RegExp]>([
    ['http://registry.example/r.json', /is not encrypted/],
    ['http://127.0.0.1.evil.example/r.json', /is not encrypted/],
    ['https://u:hunter2@registry.example/r.json', /a password/],
    ['https://hunter2@registry.example/r.json', /a user name/],
    ['https://registry.example/r.json#x', /a #/],
    ['file:///etc/passwd', /is no https URL/],
    ['ftp://registry.example', /is no https URL/],
    ['https://', /is no https URL/],
  ])('%s is refused', async (url, message) => {
    const { code, err } = await config('set-registry', url);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(err).not.toContain('hunter2');
  });
});

describe('config.yaml', () => {
  beforeEach(async () => {
    await write('r.json', registryText({ package: 'npx://w' }));
  });

  it('is readable by its user alone, and keeps comments', async () => {
    await config('set-registry', 'r.json');
    expect((await stat(configFile())).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, '.config', 'thv'))).mode & 0o777).toBe(0o700);
    await writeFile(configFile(), `# ours\nregistry: /gone.json\n`);
    await chmod(configFile(), 0o644);
    await config('set-registry', 'r.json');
    expect(await readFile(configFile(), 'utf8')).toBe(
      `# ours\nregistry: ${join(home, 'r.json')}\n`,
    );
    expect((await stat(configFile())).mode & 0o777).toBe(0o600);
    expect(await readdir(join(home, '.config', 'thv'))).toEqual(['config.yaml']);
  });

  it.each<[string, string, RegExp]>([
    [
      'an unknown key',
      'registri: x\n',
      /"registri" is no key that thv knows; did you mean registry\?/,
    ],
    ['no YAML', 'registry: [\n', /is damaged: /],
    ['a key twice', 'registry: /a\nregistry: /b\n', /is damaged: Map keys must be unique/],
    ['a list', '- registry\n', /must be an object/],
    ['a number', 'registry: 7\n', /"registry" must be a file or a URL/],
    ['a relative path', 'registry: r.json\n', /is neither a file nor a URL/],
  ])('with %s is an error that names it, and stays as it is', async (_name, text, message) => {
    await mkdir(join(home, '.config', 'thv'), { recursive: true });
    await writeFile(configFile(), text);
    await expect(resolveName('time')).rejects.toThrow(message);
    if (!text.includes('r.json')) {
      const { code, err } = await config('set-registry', 'r.json');
      expect(code).toBe(2);
      expect(err).toContain(configFile());
    }
    expect(await readFile(configFile(), 'utf8')).toBe(text);
  });

  it('that is a pipe is not waited for', async () => {
    await mkdir(join(home, '.config', 'thv'), { recursive: true });
    execFileSync('mkfifo', [configFile()]);
    const { code, err } = await config('get-registry');
    expect(code).toBe(1);
    expect(err).toContain(`${configFile()} cannot be used: it is a pipe`);
  });

  it('is not read for what is no name', async () => {
    await mkdir(join(home, '.config', 'thv'), { recursive: true });
    await writeFile(configFile(), 'registry: [\n');
    await expect(resolveName('npx://x')).resolves.toBeDefined();
  });
});
