/** Checks of a token: how it is read, which key and algorithm may verify it, how long it is remembered. */
import { inFile, type Mutation } from './mutation.ts';

const TOKENS = ['vectors/structure', 'vectors/claims'];
const KEYS = ['jwks-', 'vectors/availability'];

/** The edits that take them away. */
export const TOKEN_MUTATIONS: readonly Mutation[] = [
  ...inFile(
    'bearer.ts',
    ['vectors/bearer'],
    [
      ['any scheme is taken', "scheme.toLowerCase() !== 'bearer'", "scheme === ''"],
      [
        'a second credential is no error',
        'if (/(^|,)[ \\t]*bearer( |$)/i.test(value)) throw malformed();',
        '',
      ],
      ['a token may hold anything', 'if (!B64TOKEN.test(token)) throw malformed();', ''],
      ['a token may be of any size', 'token.length > MAX_TOKEN_LENGTH', 'token.length > 1e9'],
      ['a tab separates like a space', "value.split(' ', 1)", 'value.split(/[ \\t]/, 1)'],
    ],
  ),
  ...inFile(
    'token-validator.ts',
    ['token-cache', 'vectors/', 'jwks-'],
    [
      [
        'the validator takes tokens of any size',
        'if (token.length > MAX_TOKEN_LENGTH) {',
        'if (token.length > 1e9) {',
      ],
      [
        'an unknown issuer falls to the first',
        'const picked = named ?? fallback;',
        'const picked = named ?? fallback ?? runtimes[0];',
      ],
      [
        'verified tokens are remembered for a day',
        'const TOKEN_CACHE_MS = 5 * 60 * 1000;',
        'const TOKEN_CACHE_MS = 864e5;',
      ],
      [
        'verified tokens are remembered beyond exp',
        'Math.min(expiry, now() + TOKEN_CACHE_MS)',
        'now() + TOKEN_CACHE_MS',
      ],
      [
        'a removed key leaves its tokens remembered',
        'epoch++;\n        cache.clear();',
        'epoch++;',
      ],
      [
        'a verification older than a removal is remembered',
        'if (epoch === before) remember',
        'remember',
      ],
      [
        'old keys do not matter to remembered tokens',
        ' || entry.runtime.keys?.isFresh() === false',
        '',
      ],
      ['a remembered token does not wait for its keys', 'await old.runtime.keys?.current();', ''],
      [
        'a closed validator goes on',
        "if (closed) throw new OidcError('ERR_OIDC_CLOSED', 'The validator was closed');\n    if (token",
        'if (token',
      ],
      [
        'an opaque token is shown to any endpoint',
        'const runtime = prefixed ?? open;',
        'const runtime = prefixed ?? open ?? able[0];',
      ],
      ['introspectJwts is ignored', 'config.introspection?.introspectJwts', 'false'],
    ],
  ),
  ...inFile('token-shape.ts', TOKENS, [
    [
      'more than three segments',
      'if (parts.length !== 3) return undefined;',
      'if (parts.length < 3) return undefined;',
    ],
    ['the signature may be spelled loosely', ' || signature === undefined', ''],
    [
      'header and claims are read loosely',
      'value = parseStrictJson(bytes);',
      'value = JSON.parse(new TextDecoder().decode(bytes));',
    ],
  ]),
  ...inFile(
    'base64url.ts',
    ['base64url', 'vectors/structure'],
    [
      ['stray bits', 'if ((bits & ((1 << held) - 1)) !== 0) return undefined;', ''],
      ['strange characters', 'if (value < 0) return undefined;', ''],
      ['an impossible length', 'if (remainder === 1) return undefined;', ''],
    ],
  ),
  ...inFile(
    'strict-json.ts',
    ['vectors/', 'security'],
    [
      [
        'duplicate keys',
        "if (keys.has(key)) throw new SyntaxError('duplicate key in JSON object');",
        '',
      ],
      ['ill-formed UTF-8', 'fatal: true', 'fatal: false'],
      ['a byte order mark', 'ignoreBOM: true', 'ignoreBOM: false'],
      ['deep nesting', 'if (stack.length > MAX_DEPTH)', 'if (stack.length > 1e9)'],
    ],
  ),
  ...inFile(
    'jwt-header.ts',
    ['vectors/structure', 'options'],
    [
      ['an algorithm that is known but not listed', ' && rules.algorithms.has(alg)', ''],
      [
        'any algorithm',
        "isSignatureAlgorithm(alg) && rules.algorithms.has(alg) ? undefined : 'ERR_OIDC_ALGORITHM'",
        'undefined',
      ],
      [
        'crit',
        "readClaim(header, 'crit') === undefined ? undefined : 'ERR_OIDC_CRITICAL_HEADER'",
        'undefined',
      ],
      ['typ', "known ? undefined : 'ERR_OIDC_TOKEN_TYPE'", 'undefined'],
      [
        'kid of another type',
        "kid === undefined || typeof kid === 'string' ? undefined : 'ERR_OIDC_TOKEN_MALFORMED'",
        'undefined',
      ],
    ],
  ),
  ...inFile(
    'algorithms.ts',
    ['algorithms', 'vectors/structure'],
    [
      [
        'none is an algorithm',
        "typeof value === 'string' && Object.hasOwn(FACTS, value)",
        "typeof value === 'string' && (value === 'none' || Object.hasOwn(FACTS, value))",
      ],
      ['inherited names are algorithms', 'Object.hasOwn(FACTS, value)', 'value in FACTS'],
      ['kty', "if (jwk.kty !== facts.kty) return 'kty';", ''],
      ['crv', "if (facts.crv !== undefined && jwk.crv !== facts.crv) return 'crv';", ''],
      ['use', "if (jwk.use !== undefined && jwk.use !== 'sig') return 'use';", ''],
      [
        'key_ops',
        "if (!Array.isArray(jwk.key_ops) || !jwk.key_ops.includes('verify')) return 'key_ops';",
        '',
      ],
      [
        'alg of the key',
        "if (jwk.alg !== undefined && jwk.alg !== alg && jwk.alg !== facts.alias) return 'alg';",
        '',
      ],
      [
        'short RSA keys',
        "if (facts.kty === 'RSA' && modulusBits(jwk.n) < 2048) return 'size';",
        '',
      ],
      ['leading zeros count as bits', '(bytes.length - first) * 8', 'bytes.length * 8'],
    ],
  ),
  ...inFile(
    'key-set.ts',
    [...KEYS, 'vectors/structure'],
    [
      [
        'symmetric keys',
        "if (kty !== 'RSA' && kty !== 'EC' && kty !== 'OKP') return undefined;",
        '',
      ],
      ['any number of keys', 'if (list.length > MAX_KEYS)', 'if (list.length > 1e9)'],
      ['an empty key set', "if (keys.length === 0) throw unusable('no public keys');", ''],
      [
        'several keys fit',
        "if (fitting.length > 1) return { kind: 'unfit', reason: 'several keys fit' };",
        '',
      ],
      [
        'kid is not compared',
        'kid === undefined ? keys : keys.filter((key) => key.kid === kid)',
        'keys',
      ],
      [
        'the named key need not fit',
        'named.filter((key) => checkKeyFits(key, alg) === undefined)',
        'named',
      ],
      [
        'removed keys go unnoticed',
        'before.keys.every((key) => present.has(identityOf(key)))',
        'true',
      ],
    ],
  ),
  ...inFile('jwt-verifier.ts', TOKENS, [
    [
      'the signature is not verified',
      'await compactVerify(input.token, key, { algorithms: [query.alg] });',
      '',
    ],
    [
      'the claims are not checked',
      'assertClaims({ claims: input.claims, rules, now: options.now() / 1000 });',
      '',
    ],
    ['a second failure is forgiven', 'if (second !== undefined) throw second.error;', ''],
    [
      'an unknown key is forgiven after a refetch',
      'if (newer === undefined) throw failure.error;',
      'if (newer === undefined) return;',
    ],
  ]),
];
