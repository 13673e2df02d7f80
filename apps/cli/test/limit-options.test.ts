import { describe, expect, it } from 'vitest';
import { planLimits } from '../src/services/limit-options.ts';

const OIDC = { kind: 'oidc' } as const;

describe('planLimits', () => {
  it.each([
    [{}, undefined],
    [{ rateLimit: '600/1m' }, { identity: { requests: 600, window: 60_000 } }],
    [{ rateLimit: '5/10' }, { identity: { requests: 5, window: 10_000 } }],
    [{ rateLimit: '1000000/24h' }, { identity: { requests: 1_000_000, window: 86_400_000 } }],
    [{ failedSignInLimit: '10/1s' }, { failedSignIns: { requests: 10, window: 1000 } }],
    [{ failedSignInLimit: 'none' }, { failedSignIns: 'none' }],
  ])('reads %j', (flags, limits) => {
    expect(planLimits(flags, OIDC)).toEqual(limits);
  });

  it.each([
    '600',
    '600/',
    '/1m',
    '600/1m/2',
    '600/m',
    '-1/1m',
    '1.5/1m',
    '0/1m',
    '1/0s',
    '1000001/1m',
    '1/25h',
    'none',
  ])('refuses a rate of %j', (rateLimit) => {
    expect(() => planLimits({ rateLimit }, OIDC)).toThrow(/^--rate-limit: /);
  });

  it('refuses a limit of sign-ins where nobody signs in', () => {
    const plan = () => planLimits({ failedSignInLimit: '5/1m' }, { kind: 'local-user' });
    expect(plan).toThrow('--failed-sign-in-limit: means nothing where nobody signs in; drop it');
  });
});
