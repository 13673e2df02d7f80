import { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { renderError } from '../src/output/error-text.ts';
import { paint, paintMarks } from '../src/output/paint.ts';
import { NO_PROGRESS, startProgress, withProgress } from '../src/output/progress.ts';
import { PLAIN, readScreen, type Screen } from '../src/output/screen.ts';
import { type Column, renderFacts, renderTable } from '../src/output/table.ts';
import { cutTo, padTo, widthOf, wrapLines } from '../src/output/text-width.ts';

const TERMINAL: Screen = { colour: false, columns: 80 };
const COLOURED: Screen = { colour: true, columns: 80 };

describe('readScreen', () => {
  it.each<[string, object, Record<string, string>, Screen]>([
    ['a pipe', {}, {}, PLAIN],
    ['a terminal', { isTTY: true, columns: 120 }, {}, { colour: true, columns: 120 }],
    ['a terminal of unknown width', { isTTY: true, columns: 0 }, {}, COLOURED],
    ['NO_COLOR', { isTTY: true, columns: 80 }, { NO_COLOR: '1' }, TERMINAL],
    ['an empty NO_COLOR', { isTTY: true, columns: 80 }, { NO_COLOR: '' }, COLOURED],
    ['FORCE_COLOR in a pipe', {}, { FORCE_COLOR: '1' }, { colour: true, columns: undefined }],
    ['FORCE_COLOR=0', { isTTY: true, columns: 80 }, { FORCE_COLOR: '0' }, TERMINAL],
    ['both', { isTTY: true, columns: 80 }, { FORCE_COLOR: '1', NO_COLOR: '1' }, TERMINAL],
    ['a dumb terminal', { isTTY: true, columns: 80 }, { TERM: 'dumb' }, TERMINAL],
  ])('%s', (_name, stream, env, expected) => {
    expect(readScreen(stream, env)).toEqual(expected);
  });
});

describe('paint', () => {
  it('colours where there are colours', () => {
    expect(paint('x', 'bad', COLOURED)).toBe('\u001b[31mx\u001b[39m');
    expect(paint('x', 'bad', TERMINAL)).toBe('x');
    expect(paint('x', undefined, COLOURED)).toBe('x');
    expect(paintMarks('✓ a ✗\n✗ b', PLAIN)).toBe('✓ a ✗\n✗ b');
    expect(paintMarks('✓ a ✗\n✗ b', COLOURED)).toBe(
      '\u001b[32m✓\u001b[39m a ✗\n\u001b[31m✗\u001b[39m b',
    );
  });
});

describe('widths', () => {
  it.each([
    ['latin', 5],
    ['天気', 4],
    ['e\u0301te\u0301', 3],
    ['👩‍👩‍👧', 2],
    ['한국어', 6],
    ['', 0],
  ])('%s takes %d columns', (text, columns) => {
    expect(widthOf(text)).toBe(columns);
  });

  it.each([
    ['weather', 7, 'weather'],
    ['weather', 6, 'weath…'],
    ['東京の天気', 6, '東京…'],
    ['東京の天気', 5, '東京…'],
    ['cafe\u0301 au lait', 5, 'cafe\u0301…'],
    ['two words', 5, 'two…'],
    ['👩‍👩‍👧👩‍👩‍👧', 3, '👩‍👩‍👧…'],
  ])('%s cut to %d', (text, width, expected) => {
    expect(cutTo(text, width)).toBe(expected);
    expect(widthOf(cutTo(text, width))).toBeLessThanOrEqual(width);
  });

  it('pads by columns', () => {
    expect(padTo('天', 4)).toBe('天  ');
    expect(padTo('long', 2)).toBe('long');
  });

  it('breaks between words, for terminals only', () => {
    const text = 'words '.repeat(20).trim();
    expect(wrapLines(text, '  → ', PLAIN)).toEqual([`  → ${text}`]);
    const lines = wrapLines(text, '  → ', TERMINAL);
    expect(lines.map(widthOf)).toEqual([75, 51]);
    expect(lines[1]).toMatch(/^ {4}words/);
  });
});

interface Row {
  readonly name: string;
  readonly text: string;
}

const COLUMNS: readonly Column<Row>[] = [
  {
    title: 'NAME',
    cell: ({ name }) => name,
    meaning: ({ name }) => (name === 'bad' ? 'bad' : undefined),
  },
  { title: 'DESCRIPTION', cell: ({ text }) => text, cut: true },
  { title: 'URL', cell: () => 'http://127.0.0.1:8080/mcp' },
];

describe('renderTable', () => {
  const rows = [
    {
      name: 'weather',
      text: 'says how the weather is, today and tomorrow, in every city of the world',
    },
    { name: '天気', text: '' },
  ];

  it('fits the terminal, and keeps what people copy', () => {
    const lines = renderTable(COLUMNS, rows, TERMINAL).trimEnd().split('\n');
    expect(lines).toEqual([
      'NAME     DESCRIPTION                                   URL',
      'weather  says how the weather is, today and tomorrow…  http://127.0.0.1:8080/mcp',
      '天気                                                   http://127.0.0.1:8080/mcp',
    ]);
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(80);
  });

  it('gives a pipe everything', () => {
    expect(renderTable(COLUMNS, rows, PLAIN)).toContain(rows[0]?.text);
  });

  it('keeps a name that is wider than the terminal', () => {
    const name = 'n'.repeat(200);
    const out = renderTable(COLUMNS, [{ name, text: 'd'.repeat(200) }], TERMINAL);
    expect(out).toContain(name);
    expect(out).toContain(`  ${'d'.repeat(11)}…  http`);
  });

  it('colours cells without moving columns', () => {
    const plain = renderTable(COLUMNS, [{ name: 'bad', text: 'x' }], TERMINAL);
    const coloured = renderTable(COLUMNS, [{ name: 'bad', text: 'x' }], COLOURED);
    expect(coloured).toContain('\u001b[31mbad\u001b[39m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(plain);
  });

  it('shows nothing that a terminal would act on', () => {
    const out = renderTable(
      COLUMNS,
      [{ name: 'a\u001b[2Jb\u202ec', text: 'two\nlines' }],
      COLOURED,
    );
    expect(out).toContain('a [2Jb c');
    expect(out).toContain('two lines');
  });
});

describe('renderFacts', () => {
  it('aligns values, and continues them below', () => {
    const facts = [
      ['NAME', 'x'],
      ['SIGN-IN', 'word '.repeat(20).trim()],
    ] as const;
    expect(renderFacts(facts, TERMINAL)).toBe(
      `NAME     x\nSIGN-IN  ${'word '.repeat(14).trim()}\n         ${'word '.repeat(6).trim()}\n`,
    );
    expect(renderFacts([['NAME', 'x', 'good']], COLOURED)).toBe(
      '\u001b[1mNAME\u001b[22m  \u001b[32mx\u001b[39m\n',
    );
  });
});

describe('renderError', () => {
  const parts = {
    what: '--name',
    why: 'missing: a command has no name',
    wayOut: 'add --name NAME',
  };

  it('is one line for scripts', () => {
    expect(renderError(parts, PLAIN)).toBe(
      'thv: --name: missing: a command has no name; add --name NAME\n',
    );
  });

  it('gives people what to do on a line of its own', () => {
    expect(renderError(parts, TERMINAL)).toBe(
      'thv: --name: missing: a command has no name\n   → add --name NAME\n',
    );
    expect(renderError({ ...parts, wayOut: undefined }, COLOURED)).toBe(
      '\u001b[31mthv:\u001b[39m --name: missing: a command has no name\n',
    );
  });
});

/** A terminal that remembers what is written to it. */
function openTerminal() {
  const written: string[] = [];
  const stream = new PassThrough();
  stream.on('data', (chunk) => written.push(String(chunk)));
  const moves = {
    cursorTo: () => written.push('<cursor>'),
    clearLine: () => written.push('<clear>'),
    moveCursor: () => true,
  };
  // Safe: the members of a terminal's stream that are used are there.
  const terminal = Object.assign(stream, { isTTY: true, columns: 30, ...moves });
  return { written, stream: terminal as unknown as NodeJS.WriteStream };
}

describe('progress', () => {
  it('is shown after a while, gives way to other lines, and leaves nothing behind', async () => {
    // The spinner asks the process itself whether it is on a build server.
    vi.stubEnv('CI', undefined);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { written, stream } = openTerminal();
    const progress = startProgress('installing a package with a long name', {
      stream,
      env: {},
      patience: 0,
    });
    await vi.waitFor(() => expect(written.join('')).toContain('installing a package with…'));
    stream.write('a line of the log\n');
    const log = written.findIndex((text) => text.includes('a line of the log'));
    expect(written.slice(0, log)).toContain('<clear>');
    expect(written.slice(log).join('')).toContain('installing');
    progress.update('waiting\u001b[2J');
    expect(written.at(-2)).toContain('waiting [2J');
    progress.stop();
    expect(written.slice(-3)).toEqual(['\u001b[?25h', '<cursor>', '<clear>']);
    progress.stop();
    expect(process.listeners('SIGINT')).toEqual([]);
  });

  it.each([
    ['work that is quick', {}, 60_000],
    ['a dumb terminal', { TERM: 'dumb' }, 0],
    ['a build server', { CI: 'true' }, 0],
  ])('shows nothing for %s', async (_name, env, patience) => {
    const { written, stream } = openTerminal();
    const progress = startProgress('x', { stream, env, patience });
    await new Promise((resolve) => setImmediate(resolve));
    progress.stop();
    await import('yocto-spinner');
    expect(written).toEqual([]);
  });

  it('shows nothing without a terminal', () => {
    const stream = new PassThrough() as unknown as NodeJS.WriteStream;
    expect(startProgress('x', { stream, env: {} })).toBe(NO_PROGRESS);
  });

  it('is gone before a failure is told, and absent for those who want quiet', async () => {
    const steps: string[] = [];
    const io = {
      progress: (text: string) => {
        steps.push(text);
        return { update: () => undefined, stop: () => void steps.push('stop') };
      },
    };
    const fails = withProgress({ io }, 'work', () => Promise.reject(new Error('no')));
    await expect(fails).rejects.toThrow('no');
    expect(steps).toEqual(['work', 'stop']);
    await withProgress({ io, quiet: true }, 'more', async () => undefined);
    expect(steps).toEqual(['work', 'stop']);
  });
});
