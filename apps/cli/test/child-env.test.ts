import { describe, expect, it } from 'vitest';
import { buildChildEnv } from '../src/services/child-env.ts';

const PARENT = {
  PATH: '/bin',
  HOME: '/home/ann',
  LANG: 'C',
  LC_ALL: 'C.UTF-8',
  TMPDIR: '/tmp',
  AWS_SECRET_ACCESS_KEY: 'hunter2',
  NODE_OPTIONS: '--require evil',
  LD_PRELOAD: 'evil.so',
  HOMEBREW_TOKEN: 'hunter2',
  MY_PATH: 'x',
};

describe('buildChildEnv', () => {
  it('passes on what every program needs and nothing else', () => {
    expect(buildChildEnv(PARENT, [])).toEqual({
      PATH: '/bin',
      HOME: '/home/ann',
      LANG: 'C',
      LC_ALL: 'C.UTF-8',
      TMPDIR: '/tmp',
    });
  });

  it('adds what is declared, and lets it win', () => {
    const declared = ['PATH=/x', 'A=b=c', 'EMPTY=', 'AWS_SECRET_ACCESS_KEY'];
    expect(buildChildEnv(PARENT, declared)).toMatchObject({
      PATH: '/x',
      A: 'b=c',
      EMPTY: '',
      AWS_SECRET_ACCESS_KEY: 'hunter2',
    });
  });

  it.each(['=x', 'a b=x', '1A=x', 'A-B=x', 'MISSING', 'hunter2-x'])(
    'refuses %s without repeating a value',
    (declaration) => {
      expect(() => buildChildEnv(PARENT, [declaration])).toThrow(
        expect.objectContaining({ exitCode: 2, message: expect.not.stringContaining('hunter2') }),
      );
    },
  );
});
