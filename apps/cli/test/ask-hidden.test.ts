/** What a question on a terminal ends with. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { HAS_TERMINAL } from './console-page.ts';
import { useTempFolder } from './temp-folder.ts';

const BIN = fileURLToPath(new URL('../src/bin.ts', import.meta.url));
const folder = useTempFolder();

describe.runIf(HAS_TERMINAL)('a question', () => {
  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('that %s ends was not answered, and the command has failed', async (_name, key) => {
    const command = `${process.execPath} --conditions=@thv/source ${BIN} secret set a`;
    const child = spawn('script', ['-qefc', command, '/dev/null'], {
      cwd: folder.path,
      env: { PATH: process.env['PATH'], HOME: folder.path, TERM: 'dumb', NO_COLOR: '1' },
    });
    let said = '';
    child.stdout.on('data', (chunk) => {
      if (!said.includes('Value of a:') && String(chunk).includes('Value of a:')) {
        child.stdin.write(key);
      }
      said += String(chunk);
    });
    const [code] = await once(child, 'close');
    expect(said).toContain('question: was not answered');
    expect(code).toBe(1);
  });
});
