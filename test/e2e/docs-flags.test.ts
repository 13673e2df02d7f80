/** Every flag that the documents name exists in the command that they name it for. */
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { useStage } from './support/stage.ts';
import { runThv } from './support/thv.ts';

const stage = useStage();
const ROOT = new URL('../../', import.meta.url);
const COMMANDS = [
  ...['list', 'status', 'stop', 'start', 'restart', 'rm', 'logs prune', 'logs', 'export'],
  ...['policy check', 'policy test', 'policy explain', 'token inspect', 'dev idp'],
];
const DOCUMENTS = [
  'README.md',
  'examples/README.md',
  ...['docs', 'docs/providers'].flatMap((folder) =>
    readdirSync(new URL(folder, ROOT))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];

const helps = new Map<string, ReadonlySet<string>>();

beforeAll(async () => {
  for (const command of ['run', 'proxy', ...COMMANDS]) {
    const { out } = await runThv(stage, [...command.split(' '), '--help']);
    helps.set(command, new Set(flagsIn(out)));
  }
});

function flagsIn(text: string): string[] {
  return [...text.matchAll(/--[a-z][a-z-]+/g)].map(([flag]) => flag);
}

/** Command lines, continued ones joined, without what belongs to the server's command. */
function commandLines(text: string): (readonly [command: string, flags: string[]])[] {
  const joined = text.replaceAll(/\\\n\s*/g, ' ');
  return [...joined.matchAll(/\b(?:thv|bin\.js) ([a-z]+(?: [a-z]+)?)([^\n`]*)/g)].flatMap(
    ([, words = '', rest = '']) => {
      const command = [...helps.keys()].find((name) => `${words} `.startsWith(`${name} `));
      const [own = ''] = rest.split(' -- ');
      return command === undefined ? [] : [[command, flagsIn(own)] as const];
    },
  );
}

describe.each(DOCUMENTS)('%s', (name) => {
  it('gives each command flags that it has', () => {
    for (const [command, flags] of commandLines(readFileSync(new URL(name, ROOT), 'utf8'))) {
      for (const flag of flags)
        expect(helps.get(command), `thv ${command} ${flag}`).toContain(flag);
    }
  });
});

describe('docs/providers', () => {
  const pages = DOCUMENTS.filter((name) => name.startsWith('docs/providers/'));

  it.each(pages)('%s names flags of `thv run` only, in its text too', (name) => {
    const text = readFileSync(new URL(name, ROOT), 'utf8');
    // Other commands have flags of their own.
    const ours = flagsIn(text.replaceAll(/`(curl|kubectl)[^\n]*/g, ''));
    expect(ours.filter((flag) => !helps.get('run')?.has(flag))).toEqual([]);
  });

  it.each(pages)('%s shows a whole command', (name) => {
    const lines = commandLines(readFileSync(new URL(name, ROOT), 'utf8'));
    expect(lines.map(([command]) => command)).toContain('run');
  });
});
