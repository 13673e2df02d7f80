/** Claim checks against a naive oracle, and header parsing against a grammar. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBearer } from '../src/bearer.ts';
import { CLAIM_CHECKS, type ClaimRules, readClaim } from '../src/claims.ts';
import { isOidcError } from '../src/errors.ts';
import { parseStrictJson } from '../src/strict-json.ts';
import { SEED } from './support/seed.ts';

const NOW = 1_000_000;
const rules: ClaimRules = {
  issuers: ['https://a', 'alias'],
  audiences: ['m', 'n'],
  audienceClaim: 'aud',
  principalClaim: 'sub',
  leeway: 30,
  maxLifetime: undefined,
  allowedClients: undefined,
  requiredClaims: new Map(),
  refuseIdTokens: false,
  allowInsecureUnprovenBinding: false,
  serviceAccounts: undefined,
  optionalClaims: false,
};

/** Written from RFC 7519 and D11 without a look at the implementation. */
function oracle(claims: Record<string, unknown>): boolean {
  const { iss, aud, exp, nbf, iat, sub, cnf } = claims;
  if (iss !== 'https://a' && iss !== 'alias') return false;
  const list = typeof aud === 'string' ? [aud] : aud;
  if (!Array.isArray(list) || list.length === 0) return false;
  for (const item of list) if (typeof item !== 'string' || item.length === 0) return false;
  if (!list.includes('m') && !list.includes('n')) return false;
  if (typeof exp !== 'number' || !(exp > NOW - 30) || exp > 253402300799) return false;
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf - 30 <= NOW)) return false;
  if (iat !== undefined && !(typeof iat === 'number' && iat - 30 <= NOW)) return false;
  return typeof sub === 'string' && sub.length > 0 && cnf === undefined;
}

const odd = fc.constantFrom(null, 0, 1, '', ' ', true, [], {}, 'x', ['m'], -1, 1e300, Number.NaN);
const time = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: NOW - 40, max: NOW + 40 }) },
  fc.double({ min: NOW - 31, max: NOW + 31, noNaN: true }),
  odd,
);
const text = fc.constantFrom('m', 'n', 'M', 'm ', '', 'x');
const claimSets = fc.record(
  {
    iss: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom('https://a', 'alias') },
      fc.constantFrom('https://a/', 'HTTPS://A'),
      odd,
    ),
    aud: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('m', 'n') },
      text,
      fc.array(text, { maxLength: 3 }),
      fc.array(odd, { maxLength: 2 }),
      odd,
    ),
    exp: fc.oneof({ weight: 4, arbitrary: fc.constant(NOW + 60) }, time),
    nbf: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, time),
    iat: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, time),
    sub: fc.oneof({ weight: 8, arbitrary: fc.constant('u') }, odd),
    cnf: fc.oneof({ weight: 12, arbitrary: fc.constant(undefined) }, odd),
  },
  { requiredKeys: [] },
);

describe('claim checks', () => {
  it('agree with a naive oracle', () => {
    let accepted = 0;
    fc.assert(
      fc.property(claimSets, (claims) => {
        const failure = CLAIM_CHECKS.find(
          ({ check }) => check({ claims, rules, now: NOW }) !== undefined,
        );
        if (failure === undefined) accepted++;
        expect(failure === undefined, failure?.name).toBe(oracle(claims));
      }),
      { ...SEED, numRuns: 5000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});

describe('readClaim', () => {
  it('sees own members only', () => {
    for (const name of ['constructor', 'toString', '__proto__']) {
      expect(readClaim({}, name)).toBeUndefined();
      expect(readClaim(JSON.parse(`{"${name}":"x"}`), name)).toBe('x');
    }
  });
});

describe('parseBearer', () => {
  const piece = fc.constantFrom(
    'Bearer',
    'bearer',
    'BEARER',
    'Basic',
    ' ',
    '  ',
    '\t',
    ',',
    ', ',
    'abc',
    'a.b-c_d~e+f/g',
    '=',
    '==',
    '"',
    'ä',
    '\u0000',
    'Bearer x',
  );

  it('accepts exactly the grammar of RFC 6750 §2.1', () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }).map((parts) => parts.join('')),
        (value) => {
          const match = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(
            value.replace(/^[ \t]+|[ \t]+$/g, ''),
          );
          let token: string | undefined;
          try {
            token = parseBearer(value);
          } catch (error) {
            expect(isOidcError(error)).toBe(true);
          }
          if (token !== undefined) accepted++;
          expect(token).toBe(match?.[1]);
        },
      ),
      { ...SEED, numRuns: 5000 },
    );
    expect(accepted).toBeGreaterThan(50);
  });
});

describe('parseStrictJson', () => {
  it('reads what JSON.parse reads, unless a key is repeated or cannot be written plainly', () => {
    const isPlain = (key: string): boolean => JSON.stringify(key).length === key.length + 2;
    const text = fc.json({ maxDepth: 6 });
    fc.assert(
      fc.property(text, (source) => {
        let plain = true;
        // Asked of the keys as they are, since the text has them in another form.
        JSON.parse(source, function (key, value) {
          if (!Array.isArray(this)) plain &&= isPlain(key);
          return value;
        });
        if (plain) expect(parseStrictJson(source)).toEqual(JSON.parse(source));
        else expect(() => parseStrictJson(source)).toThrow('unusual key');
      }),
      SEED,
    );
  });

  it('finds a repeated key wherever it is put', () => {
    const key = fc.string({ unit: 'binary', maxLength: 5 });
    fc.assert(
      fc.property(key, fc.json({ maxDepth: 2 }), fc.nat({ max: 20 }), (name, value, depth) => {
        const escaped = `"${[...name]
          .flatMap((c) => c.split(''))
          .map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
          .join('')}"`;
        const object = `{${JSON.stringify(name)}:${value},${escaped}:${value}}`;
        const nested = `${'[{"a":'.repeat(depth)}${object}${'}]'.repeat(depth)}`;
        expect(() => parseStrictJson(nested)).toThrow(/duplicate/);
      }),
      SEED,
    );
  });
});
