/** Timeouts, sessions and processes: what the flags mean, and which mean nothing (D1). */
import { describe, expect, it } from 'vitest';
import { CliError } from '../src/cli-error.ts';
import { duration } from '../src/flag-parsers.ts';
import { planServing, type ServingFlags } from '../src/services/serving-options.ts';

const URL_SERVER = { kind: 'url' } as const;
const COMMAND = { kind: 'command' } as const;

function refusal(flags: ServingFlags, kind: 'url' | 'command', transport?: string): string {
  try {
    planServing(flags, { kind }, transport);
  } catch (error) {
    expect(error).toBeInstanceOf(CliError);
    expect((error as CliError).exitCode).toBe(2);
    return (error as CliError).message;
  }
  throw new Error('the flags were accepted');
}

describe('flags about timeouts, sessions and processes', () => {
  it('say nothing unless they are given', () => {
    expect(planServing({}, COMMAND, undefined)).toEqual({});
  });

  it('are seconds on the command line and milliseconds behind it', () => {
    const flags = { requestTimeout: 300, sessionTtl: 7200, stdioIsolation: 'session' } as const;
    expect(planServing(flags, COMMAND, undefined)).toEqual({
      requestTimeout: 300_000,
      sessionTtl: 7_200_000,
      isolation: 'session',
    });
    expect(planServing({ stateless: true, requestTimeout: 1 }, URL_SERVER, undefined)).toEqual({
      stateless: true,
      requestTimeout: 1000,
    });
  });

  it.each([
    ['30s', 30],
    ['5m', 300],
    ['90', 90],
  ])('read %s as %i seconds', (text, seconds) => {
    expect(duration('--request-timeout', 86_400)(text)).toBe(seconds);
  });

  it.each<[ServingFlags, 'url' | 'command', string | undefined, string]>([
    [{ stdioIsolation: 'session' }, 'url', undefined, '--stdio-isolation: means nothing'],
    [{ stdioIsolation: 'shared' }, 'url', undefined, '--stdio-isolation: means nothing'],
    [{ stateless: true }, 'command', undefined, '--stateless: means nothing'],
    [{ stateless: true }, 'url', 'sse', '--stateless: means nothing'],
    [{ stateless: true, sessionTtl: 5 }, 'url', undefined, '--session-ttl: means nothing'],
    [{ sessionTtl: 0 }, 'command', undefined, '--session-ttl: must be longer'],
    [{ requestTimeout: 0 }, 'url', undefined, '--request-timeout: must be longer'],
  ])('%j of a %s over %s are refused: %s', (flags, kind, transport, message) => {
    expect(refusal(flags, kind, transport)).toContain(message);
  });
});
