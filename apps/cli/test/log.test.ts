import { describe, expect, it } from 'vitest';
import { clean, createLog, type LogOptions } from '../src/log.ts';
import { PLAIN } from '../src/output/screen.ts';
import { didYouMean } from '../src/suggest.ts';

function collect(options: LogOptions = {}, colour = false) {
  const lines: string[] = [];
  return {
    lines,
    log: createLog({ err: (text) => lines.push(text), stderr: { ...PLAIN, colour } }, options),
  };
}

describe('createLog', () => {
  it.each<[LogOptions, string]>([
    [{}, 'info warn error'],
    [{ quiet: true }, 'warn error'],
    [{ debug: true }, 'debug info warn error'],
    [{ debug: true, quiet: true }, 'debug info warn error'],
  ])('with %o writes %s', (options, expected) => {
    const { lines, log } = collect(options);
    for (const level of ['debug', 'info', 'warn', 'error'] as const) {
      log({ level, message: level });
    }
    expect(lines.map((line) => line.trim().split(' ').at(-1)).join(' ')).toBe(expected);
  });

  it('writes one line, whatever the text holds', () => {
    const { lines, log } = collect();
    log({
      level: 'warn',
      message: 'a\nb\r\u001b[31mc\u0085d',
      detail: { 'x\n': 'y\nz', n: 1, gone: undefined, why: new Error('e\nf'), path: '/a/b' },
    });
    expect(lines).toEqual(['thv: warning: a b [31mc d x ="y\\nz" n=1 why="e f" path=/a/b\n']);
  });

  it('never writes a secret', () => {
    const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln';
    const { lines, log } = collect({ debug: true });
    log({
      level: 'debug',
      message: `bad ${token}`,
      detail: {
        Authorization: 'Bearer hunter2',
        client_secret: 'hunter2',
        access_token: 'hunter2',
        nested: { list: [token], text: `x\n${token}` },
        error: new Error(token),
        plain: token,
      },
    });
    expect(lines.join('')).not.toMatch(/hunter2|eyJ/);
  });

  it('gets through a long word that begins like a token everywhere', () => {
    const word = '-eyJ'.repeat(1_000_000);
    expect(clean(word)).toBe(word);
    expect(clean(`${word}.a.b c`)).toBe('-[redacted] c');
    expect(clean('eyJx.json, keyJay.b.c')).toBe('[redacted], keyJay.b.c');
  });

  it('colours for terminals only', () => {
    const { lines, log } = collect({}, true);
    log({ level: 'error', message: 'x' });
    expect(lines).toEqual(['\u001b[31mthv: error: x\u001b[39m\n']);
  });
});

describe('didYouMean', () => {
  it.each([
    ['--oidc-audence', 'did you mean --oidc-audience?'],
    ['--odic-issuer', 'did you mean --oidc-issuer?'],
    ['--audience', undefined],
    ['-x', undefined],
    ['', undefined],
  ])('%s', (word, expected) => {
    expect(didYouMean(word, ['--oidc-issuer', '--oidc-audience', '--name'])).toBe(expected);
  });
});
