import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { describeErrorCode, isOidcError, OidcError, type OidcErrorCode } from '../src/index.ts';

const source = readFileSync(new URL('../src/errors.ts', import.meta.url), 'utf8');
// The union in the source is the list; the compiler checks that the table is complete.
const codes = [...source.matchAll(/\| '(ERR_OIDC_[A-Z_]+)'/g)].map(
  ([, code]) => code as OidcErrorCode,
);

describe('the error table', () => {
  it('knows every code, with texts of the RFC 6750 character set', () => {
    expect(codes.length).toBeGreaterThan(25);
    for (const code of codes) {
      const { status, error, description, hint } = describeErrorCode(code);
      expect([400, 401, 403, 503]).toContain(status);
      expect(description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]{5,60}$/);
      expect(hint).toMatch(/[.?]$/);
      expect(hint).not.toContain('Unknown error code');
      expect(error === 'invalid_token').toBe(status === 401);
      expect(error === 'temporarily_unavailable').toBe(status === 503);
    }
  });

  it('has a short vocabulary for callers', () => {
    expect(new Set(codes.map((code) => describeErrorCode(code).description)).size).toBe(6);
  });

  it('stands in the README, row for row', () => {
    const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const readme = text.replaceAll(/ +/g, ' ');
    for (const code of codes) {
      const { status, error } = describeErrorCode(code);
      expect(readme).toContain(`| \`${code}\` | ${status} | \`${error}\` |`);
    }
  });
});

describe('isOidcError', () => {
  it('knows errors of another copy of the package', async () => {
    vi.resetModules();
    const other = await import('../src/errors.ts');
    const error = new other.OidcError('ERR_OIDC_CLOSED', 'x');
    expect(error instanceof OidcError).toBe(false);
    expect(isOidcError(error)).toBe(true);
  });

  it.each([
    [null],
    [undefined],
    ['ERR_OIDC_CLOSED'],
    [new Error('x')],
    [{ code: 'ERR_OIDC_CLOSED' }],
  ])('%j is none', (value) => {
    expect(isOidcError(value)).toBe(false);
  });
});
