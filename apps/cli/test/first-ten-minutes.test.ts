/**
 * Types every command of docs/first-ten-minutes.md and compares what appears. With THV_UPDATE_DOCS=1
 * the page is written anew.
 */
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  HAS_TERMINAL,
  openTerminal,
  replay,
  runOnTerminal,
  withoutChance,
} from './console-page.ts';
import { BIN } from './spawn-thv.ts';

const PAGE = fileURLToPath(new URL('../../../docs/first-ten-minutes.md', import.meta.url));
const PROVIDER = 'http://127.0.0.1:9000';
const SERVER = 'http://127.0.0.1:8080';
// Below the package, where the server's package is found without a network.
const ROOMS = fileURLToPath(new URL('../node_modules/.first-ten-minutes', import.meta.url));

const UPDATES = process.env['THV_UPDATE_DOCS'] !== undefined;
/** The page is written with its own ports, which decide where lines are broken. */
const port = (own: string): string => (UPDATES ? own : '0');

const page = await readFile(PAGE, 'utf8');
let room: string;
let env: Readonly<Record<string, string>>;
let provider: ReturnType<typeof openTerminal> | undefined;

beforeAll(async () => {
  await mkdir(ROOMS, { recursive: true });
  room = await mkdtemp(join(ROOMS, 'x'));
  await mkdir(join(room, 'bin'));
  const thv = `exec '${process.execPath}' --conditions=@thv/source '${BIN}' "$@"`;
  await writeFile(join(room, 'bin', 'thv'), `#!/bin/sh\n${thv}\n`, { mode: 0o755 });
  env = { PATH: `${room}/bin:${process.env['PATH']}`, HOME: room };
});

afterAll(async () => {
  await runOnTerminal('thv rm --all', { cwd: room, env });
  if (provider !== undefined) {
    const closed = once(provider, 'close');
    provider.kill();
    await closed;
  }
  await rm(room, { recursive: true, force: true });
});

/** Types a command where others listen than on the page, and shows the page's again. */
function createTyper() {
  const real = new Map<string, string>();
  const substitute = (text: string): string =>
    [...real].reduce((rest, [shown, actual]) => rest.replaceAll(shown, actual), text);
  const restore = (text: string): string =>
    [...real].reduce((rest, [shown, actual]) => rest.replaceAll(actual, shown), text);

  async function startProvider(command: string): Promise<string> {
    provider = openTerminal(command.replace('9000', port('9000')), { cwd: room, env });
    let said = '';
    provider.stdout.on('data', (chunk) => {
      said += String(chunk);
    });
    await vi.waitFor(() => expect(said).toMatch(/my-server SERVER\r\n$/), { timeout: 30_000 });
    real.set(PROVIDER, /ISSUER +(\S+)/.exec(said)?.[1] ?? '');
    return said.replaceAll('\r\n', '\n');
  }

  async function type(command: string): Promise<string> {
    if (command.startsWith('thv dev idp')) {
      return restore(await startProvider(command));
    }
    const free = command.replace('--proxy-port 8080', `--proxy-port ${port('8080')}`);
    const said = await runOnTerminal(substitute(free), { cwd: room, env });
    if (command.includes('--proxy-port')) {
      real.set(SERVER, new URL(/^URL +(\S+)/m.exec(said)?.[1] ?? said).origin);
      await writeFiles();
    }
    return restore(said).replaceAll(room, '/home/bob');
  }

  async function writeFiles(): Promise<void> {
    for (const [, name = '', text = ''] of page.matchAll(
      /^`([\w.-]+)`[^`]*?:\n\n```\w+\n([\s\S]*?)```$/gm,
    )) {
      // A policy file that is written again is loaded again.
      if (real.size === 0 || substitute(text) !== text) {
        await writeFile(join(room, name), substitute(text));
      }
    }
  }

  return { type, writeFiles };
}

describe.runIf(HAS_TERMINAL)('docs/first-ten-minutes.md', () => {
  it('shows what appears on a terminal of 80 columns', async () => {
    const { type, writeFiles } = createTyper();
    await writeFiles();
    const now = await replay(page, type);
    if (UPDATES) {
      await writeFile(PAGE, now);
      return;
    }
    expect(withoutChance(page)).toBe(withoutChance(now));
  }, 180_000);

  it('tells the whole story', () => {
    for (const words of ['HTTP 401', 'HTTP 403', 'HTTP 200', 'DENY', ': stopped', 'and removed']) {
      expect(page).toContain(words);
    }
  });
});
