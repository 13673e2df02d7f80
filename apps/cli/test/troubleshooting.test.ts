/**
 * Runs every command of docs/troubleshooting.md and compares what it prints. With THV_UPDATE_DOCS=1
 * the page is written anew.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type HttpFixture, startGuideServer } from '../../../test/fixtures/spawn-fixture.ts';
import { type DevIdp, startDevIdp, type TokenRequest } from '../src/dev-idp/index.ts';
import { HAS_TERMINAL, replay, runOnTerminal, withoutChance } from './console-page.ts';
import { type RunningThv, startThv } from './spawn-thv.ts';
import { useTempFolder } from './temp-folder.ts';
import { putThvOnPath } from './thv-on-path.ts';

const PAGE = fileURLToPath(new URL('../../../docs/troubleshooting.md', import.meta.url));
const PROVIDER = 'http://127.0.0.1:9000';
const SERVER = 'http://127.0.0.1:8080';
const PROVIDER_DOWN = 'The provider is unreachable: 503, not 401';

/** What the token of a section says; by default it is good. */
const TOKENS: Readonly<Record<string, TokenRequest>> = {
  'The token is for another audience': { aud: 'account' },
  'The token has expired': { expiresIn: -3600 },
  'The token is opaque': { opaque: true },
};

interface Section {
  readonly title: string;
  readonly text: string;
}

const page = await readFile(PAGE, 'utf8');
const sections: readonly Section[] = page.split(/^(?=#{1,3} )/m).map((text) => ({
  title: /^#+ (.*)$/m.exec(text)?.[1] ?? '',
  text,
}));

const folder = useTempFolder();
let idp: DevIdp;
let env: Readonly<Record<string, string>>;
let guide: HttpFixture;
let proxy: RunningThv;
let proxyOrigin: string;
const updated = new Map<string, string>();

beforeAll(async () => {
  [idp, guide] = await Promise.all([startDevIdp(), startGuideServer()]);
  const files = [...page.matchAll(/^`([\w./-]+)`:\n\n```\w+\n([\s\S]*?)```$/gm)];
  await folder.write({
    ...Object.fromEntries(files.map(([, name = '', text = '']) => [name, text])),
  });
  env = await putThvOnPath(folder);
  [proxy, proxyOrigin] = await startProxy(idp.issuer);
}, 30_000);

afterAll(async () => {
  await stop(proxy);
  await Promise.all([idp.close().catch(() => undefined), guide.stop()]);
  if (process.env['THV_UPDATE_DOCS'] !== undefined) {
    await writeFile(PAGE, sections.map(({ title, text }) => updated.get(title) ?? text).join(''));
  }
});

async function startProxy(issuer: string): Promise<[RunningThv, string]> {
  const started = startThv(
    [
      ...['proxy', 'guide', '--format', 'json', '--target-uri', guide.url],
      ...['--oidc-issuer', issuer, '--oidc-audience', 'my-server'],
      ...['--authz-config', 'calculator.yaml'],
    ],
    { cwd: folder.path },
  );
  await vi.waitFor(() => expect(started.said.out, started.said.err).toMatch(/\}\n$/), {
    timeout: 15_000,
  });
  return [started, new URL(JSON.parse(started.said.out).url).origin];
}

async function stop({ child, finished }: RunningThv): Promise<void> {
  child.kill('SIGKILL');
  await finished;
}

/** Types a command on a terminal, where others listen than on the page. */
async function type(command: string): Promise<string> {
  const real = command.replaceAll(PROVIDER, idp.issuer).replaceAll(SERVER, proxyOrigin);
  const said = await runOnTerminal(real, { cwd: folder.path, env });
  return said.replaceAll(idp.issuer, PROVIDER).replaceAll(proxyOrigin, SERVER);
}

describe.runIf(HAS_TERMINAL)('docs/troubleshooting.md', () => {
  it.each(sections.filter(({ text }) => text.includes('```console')))(
    'shows what really happens: $title',
    async ({ title, text }) => {
      const token = await idp.issueToken({ aud: 'my-server', sub: 'bob', ...TOKENS[title] });
      await folder.write({ token: `${token}\n` });
      if (title === PROVIDER_DOWN) {
        // The server is up, but its provider is not.
        await stop(proxy);
        const { issuer } = idp;
        await idp.close();
        [proxy, proxyOrigin] = await startProxy(issuer);
      }
      const now = await replay(text, type);
      updated.set(title, now);
      if (process.env['THV_UPDATE_DOCS'] === undefined) {
        expect(withoutChance(text)).toBe(withoutChance(now));
      }
      expect(now).not.toContain(token);
    },
    40_000,
  );

  it('answers five questions of each kind', () => {
    const [, denied = '', refused = ''] = page.split(/^## /m);
    expect(denied.match(/^### /gm)).toHaveLength(5);
    expect(refused.match(/^### /gm)).toHaveLength(5);
  });
});
