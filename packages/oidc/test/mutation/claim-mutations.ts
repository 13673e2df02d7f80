/** Checks of what a token says, of the options, and of what callers are told. */
import { inFile, type Mutation } from './mutation.ts';

const CLAIMS = ['vectors/claims', 'providers/'];

/** The edits that take them away. */
export const CLAIM_MUTATIONS: readonly Mutation[] = [
  ...inFile('claims.ts', CLAIMS, [
    [
      'iss missing',
      "if (issuer === undefined) return fail('ERR_OIDC_CLAIM', 'iss', 'missing');",
      'if (issuer === undefined) return undefined;',
    ],
    ['iss not compared', "return fail('ERR_OIDC_ISSUER', 'iss', 'mismatch');", 'return undefined;'],
    [
      'iss compared without spaces',
      'rules.issuers.includes(issuer)',
      'rules.issuers.includes(issuer.trim())',
    ],
    [
      'aud missing',
      "if (value === undefined) return fail('ERR_OIDC_AUDIENCE', name, 'missing');",
      'if (value === undefined) return undefined;',
    ],
    [
      'aud not compared',
      "return fail('ERR_OIDC_AUDIENCE', name, 'mismatch');",
      'return undefined;',
    ],
    ['aud of mixed types', 'if (!list.every(isIdentifier))', 'if (!list.some(isIdentifier))'],
    [
      'exp missing',
      "if (exp === undefined) return fail('ERR_OIDC_CLAIM', 'exp', 'missing');",
      'if (exp === undefined) return undefined;',
    ],
    [
      'exp not compared',
      "if (now >= exp + rules.leeway) return fail('ERR_OIDC_TOKEN_EXPIRED', 'exp', 'expired');",
      '',
    ],
    ['exp one second late', 'now >= exp + rules.leeway', 'now > exp + rules.leeway'],
    [
      'exp of another type',
      "if (!isTime(exp)) return fail('ERR_OIDC_CLAIM', 'exp', 'wrong type');",
      'if (!isTime(exp)) return undefined;',
    ],
    ['nbf', "(input) => checkPast(input, 'nbf')", '() => undefined'],
    ['iat', "(input) => checkPast(input, 'iat')", '() => undefined'],
    [
      'nbf of another type',
      "if (!isTime(time)) return fail('ERR_OIDC_CLAIM', name, 'wrong type');",
      'if (!isTime(time)) return undefined;',
    ],
    [
      'exp in milliseconds',
      "if (exp > LATEST_EXP) return fail('ERR_OIDC_TOKEN_LIFETIME', 'exp', 'not in seconds');",
      '',
    ],
    [
      'maxLifetime',
      "return fail('ERR_OIDC_TOKEN_LIFETIME', 'exp', 'too far away');",
      'return undefined;',
    ],
    [
      'principal missing',
      "if (value === undefined) return fail('ERR_OIDC_CLAIM', name, 'missing');\n  return isIdentifier",
      'return isIdentifier',
    ],
    [
      'principal of another type',
      "isIdentifier(value) ? undefined : fail('ERR_OIDC_CLAIM', name, 'not a usable identifier')",
      'undefined',
    ],
    ['an empty principal', "value !== '' && ", ''],
    ['a lone surrogate', ' && !/\\p{Surrogate}/u.test(value)', ''],
    [
      'bound tokens',
      "return fail('ERR_OIDC_TOKEN_BOUND', 'cnf', 'key-bound token used as bearer token');",
      'return undefined;',
    ],
    [
      'requiredClaims',
      "if (value !== expected) return fail('ERR_OIDC_CLAIM', name, 'mismatch');",
      '',
    ],
    [
      'requiredClaims missing',
      "if (value === undefined) return fail('ERR_OIDC_CLAIM', name, 'missing');\n    if (value",
      'if (value === undefined) continue;\n    if (value',
    ],
    ['at_hash', "'at_hash', ", ''],
    ['nonce', "if (readClaim(claims, 'typ') !== 'Bearer') markers.push('nonce');", ''],
    [
      'token_use',
      "if (readClaim(claims, 'token_use') === 'id') {",
      'if (readClaim(claims, "token_use") === "never") {',
    ],
    [
      'typ ID',
      "if (readClaim(claims, 'typ') === 'ID') return fail('ERR_OIDC_TOKEN_TYPE', 'typ', 'ID token');",
      '',
    ],
    ['allowedClients', "return fail('ERR_OIDC_CLIENT', name, 'not allowed');", 'continue;'],
    [
      'no client at all',
      "if (first === undefined) return fail('ERR_OIDC_CLIENT', 'client_id', 'missing');",
      '',
    ],
    [
      'service accounts',
      "return fail('ERR_OIDC_SERVICE_ACCOUNT', 'sub', 'not allowed');",
      'return undefined;',
    ],
    [
      'inherited members are claims',
      'Object.hasOwn(claims, name) ? claims[name] : undefined',
      'claims[name]',
    ],
  ]),
  ...inFile(
    'providers/kubernetes.ts',
    ['providers/', 'node/kubernetes'],
    [
      ['another namespace', 'namespace !== pin.namespace || ', ''],
      ['another account', 'if (pin.name !== undefined && name !== pin.name) return false;', ''],
      ['a subject with more parts', ' || rest.length > 0', ''],
      [
        'the private claim says otherwise',
        "if (details['namespace'] !== namespace) return false;",
        '',
      ],
      [
        'the private claim names another',
        "(isJsonObject(bound) && bound['name'] === name)",
        'true',
      ],
    ],
  ),
  ...inFile(
    'resolve-options.ts',
    ['options'],
    [
      ['no audience', 'if (!hasAudience && !allowInsecureAnyAudience) {', 'if (false) {'],
      [
        'two entries for one issuer',
        'if (new Set(names).size !== names.length) throw new TypeError(\'"issuers" names an issuer twice\');',
        '',
      ],
      ['addresses are not looked at', 'assertAddresses(issuer, resolved.warn);', ''],
    ],
  ),
  ...inFile(
    'resource-server.ts',
    ['resource-server', 'challenge', 'vectors/bearer'],
    [
      ['required scopes', 'assertScopes(identity, requiredScopes);', ''],
      [
        'one scope of several is enough',
        'if (scopes.every((scope) => held.has(scope))) return;',
        'if (scopes.some((scope) => held.has(scope))) return;',
      ],
      ['a challenge for a provider that is down', 'if (wire.status === 503) return undefined;', ''],
      ['answers may be stored', "'cache-control': 'no-store', ", ''],
    ],
  ),
  ...inFile(
    'challenge.ts',
    ['challenge'],
    [
      ['quotes in a challenge', 'text.replaceAll(\'"\', "\'")', 'text'],
      [
        'line ends in a challenge',
        "replaceAll(/[^\\x20-\\x21\\x23-\\x5b\\x5d-\\x7e]/g, '?')",
        "replaceAll('~~', '?')",
      ],
    ],
  ),
  ...inFile(
    'identity.ts',
    ['identity', 'no-leak'],
    [
      [
        'the token can be listed',
        'token: { get: () => token, enumerable: false }',
        'token: { get: () => token, enumerable: true }',
      ],
      [
        'tsid stays',
        'const { tsid: _, ...claims } = given.claims;',
        'const claims = given.claims;',
      ],
      ['claims can be changed', 'claims: deepFreeze(visible.claims)', 'claims: visible.claims'],
    ],
  ),
  ...inFile(
    'node/web-request.ts',
    ['node/web-request'],
    [
      ['repeated headers are dropped', 'headers.append(name, value)', 'headers.set(name, value)'],
      ['a path may name a host', "path.startsWith('/') ? path : '/'", 'path'],
    ],
  ),
];
