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
    expect(buildChildEnv(PARENT, new Map())).toEqual({
      PATH: '/bin',
      HOME: '/home/ann',
      LANG: 'C',
      LC_ALL: 'C.UTF-8',
      TMPDIR: '/tmp',
    });
  });

  it('adds what the server is given, and lets it win', () => {
    const variables = new Map([
      ['PATH', '/x'],
      ['A', 'b=c'],
      ['EMPTY', ''],
    ]);
    expect(buildChildEnv(PARENT, variables)).toMatchObject({ PATH: '/x', A: 'b=c', EMPTY: '' });
  });
});
