/** Replays the commands of a page, so that what it shows is what happens. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** Whether a terminal can be opened here: `script` of util-linux does it. */
export const HAS_TERMINAL =
  process.platform === 'linux' &&
  spawnSync('script', ['--version'], { stdio: 'ignore' }).status === 0;

export interface Shell {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The page with what its commands print now; a command may go on behind a `\`. */
export async function replay(
  page: string,
  run: (command: string) => Promise<string>,
): Promise<string> {
  const parts: string[] = [];
  for (const part of page.split(/(?<=^```console\n)|(?=^```$)/m)) {
    parts.push(part.startsWith('$ ') ? await replayBlock(part, run) : part);
  }
  return parts.join('');
}

async function replayBlock(
  block: string,
  run: (command: string) => Promise<string>,
): Promise<string> {
  const shown: string[] = [];
  for (const [, typed = ''] of block.matchAll(/^\$ ((?:.*\\\n)*.*)\n/gm)) {
    shown.push(`$ ${typed}\n${await run(typed)}`);
  }
  return shown.join('\n');
}

/** What a terminal of 80 columns shows, without colours and progress. */
export async function runOnTerminal(command: string, { cwd, env }: Shell): Promise<string> {
  const child = openTerminal(command, { cwd, env });
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk) => said.push(chunk));
  await once(child, 'close');
  return Buffer.concat(said).toString().replaceAll('\r\n', '\n');
}

/** The same, of a command that goes on. */
export function openTerminal(command: string, { cwd, env }: Shell) {
  return spawn('script', ['-qefc', `stty cols 80 rows 24; ${command}`, '/dev/null'], {
    cwd,
    env: { ...env, TERM: 'xterm', NO_COLOR: '1', CI: '1' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** What differs from run to run, and where lines are broken, which ports decide. */
export function withoutChance(text: string): string {
  return text
    .replace(/\b[0-9a-f]{32}\b/g, '<id>')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replace(/\b\d+ s\b|\b\d+ seconds\b/g, '<seconds>')
    .replace(/duration_ms=\d+/g, '<duration>')
    .replace(/npx:\/\/\S*…/g, '<server>')
    .replace(/\s+/g, ' ');
}
