/** A line on the terminal hides the cursor; whoever presses Ctrl-C wants it back. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';

const MODULE = new URL('../src/output/progress.ts', import.meta.url).href;
const [HIDDEN, SHOWN] = ['\u001b[?25l', '\u001b[?25h'];
/** Takes a pipe for a terminal. `EXTRA` is what else the command does. */
const PROGRAM = `
const { startProgress } = await import('${MODULE}');
const { WriteStream } = await import('node:tty');
const { cursorTo, moveCursor, clearLine } = WriteStream.prototype;
Object.assign(process.stderr, { isTTY: true, columns: 80, cursorTo, moveCursor, clearLine });
startProgress('working', { stream: process.stderr, env: {}, patience: 0 });
setInterval(() => undefined, 1000);
EXTRA
`;

async function interrupt(extra: string, signal: NodeJS.Signals) {
  const program = PROGRAM.replace('EXTRA', extra);
  // In CI nothing is shown to anybody.
  const { CI: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { env });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  const ended = once(child, 'close');
  await vi.waitFor(() => expect(said).toContain(HIDDEN), { timeout: 10_000 });
  child.kill(signal);
  const [code, by] = await ended;
  return { code, by, isShown: said.lastIndexOf(SHOWN) > said.lastIndexOf(HIDDEN) };
}

describe.skipIf(process.platform === 'win32')('a command that shows progress', () => {
  it.each<NodeJS.Signals>(['SIGINT', 'SIGTERM', 'SIGHUP'])(
    'ends with %s and gives the cursor back',
    async (signal) => {
      expect(await interrupt('', signal)).toEqual({ code: null, by: signal, isShown: true });
    },
  );

  it('leaves signals to a command that listens to them', async () => {
    const extra =
      "let seen = 0; process.on('SIGINT', () => setTimeout(() => process.exit(seen), 200)).on('SIGINT', () => seen++);";
    expect(await interrupt(extra, 'SIGINT')).toEqual({ code: 1, by: null, isShown: true });
  });
});
