/** Checks of what is asked of a provider, where, and what its answers are worth. */
import { inFile, type Mutation } from './mutation.ts';

const KEYS = ['jwks-', 'vectors/availability'];
const ASKING = ['vectors/introspection', 'providers/'];

/** The edits that take them away. */
export const PROVIDER_MUTATIONS: readonly Mutation[] = [
  ...inFile(
    'address-guard.ts',
    ['address', 'options', 'vectors/availability'],
    [
      ['plain http', "if (!meant && !policy.allowInsecureHttp) throw refused('plain http');", ''],
      ['other schemes', "throw refused('not https');", 'return;'],
      ['credentials in a URL', "throw refused('credentials in the URL');", 'return;'],
      ['private addresses', '(literal && isSpecialAddress(host))', 'false'],
      ['loopback that nobody meant', 'if (loopback || ', 'if ('],
    ],
  ),
  ...inFile(
    'address-ranges.ts',
    ['address-ranges', 'node/guarded'],
    [
      ['mapped addresses', 'if (zeros(0, 6) || isMapped(groups)) return lastIpv4(groups);', ''],
      [
        'NAT64',
        'if (groups[0] === 0x64 && groups[1] === 0xff9b && zeros(2, 6)) return lastIpv4(groups);',
        '',
      ],
      [
        '6to4',
        'if (groups[0] === 0x2002) return (groups[1] ?? 0) * 65_536 + (groups[2] ?? 0);',
        '',
      ],
      [
        'what is no address',
        'if (groups === undefined) return true;',
        'if (groups === undefined) return false;',
      ],
    ],
  ),
  ...inFile(
    'provider-fetch.ts',
    [...KEYS, ...ASKING],
    [
      [
        'the address of each hop',
        'assertEndpoint(url, policy);',
        'if (hop === 0) assertEndpoint(url, policy);',
      ],
      ['the address of any hop', 'assertEndpoint(url, policy);', ''],
      ['redirects to other hosts', 'next?.origin !== url.origin || ', 'next === undefined || '],
      ['redirects without end', 'hop >= MAX_REDIRECTS', 'hop >= 1e3'],
      [
        'redirects of a POST',
        "location === null || method !== 'GET' ? undefined",
        'location === null ? undefined',
      ],
      ['fetch follows by itself', "redirect: 'manual'", "redirect: 'follow'"],
      ['a fetch that has followed by itself', "redirected || type === 'opaqueredirect' || ", ''],
      ['bodies of any size', 'if (size > request.maxBytes) {', 'if (size > 1e12) {'],
      [
        'no time limit',
        "setTimeout(() => controller.abort('timeout'), options.timeout)",
        'setTimeout(() => undefined, 1)',
      ],
    ],
  ),
  ...inFile('discovery.ts', KEYS, [
    [
      'the issuer of the document',
      "if (document['issuer'] !== request.issuer) throw failure('issuer mismatch');",
      '',
    ],
    [
      'a slash more or less in the issuer',
      "document['issuer'] !== request.issuer",
      "String(document['issuer']).replace(/\\/$/, '') !== request.issuer.replace(/\\/$/, '')",
    ],
  ]),
  ...inFile('jwks-key-source.ts', KEYS, [
    ['stale keys for ever', 'now() < fetched.freshUntil + STALE_MAX', 'true'],
    [
      'no cooldown for unknown keys',
      'if (now() < missRefetchedAt + MISS_COOLDOWN) return undefined;',
      '',
    ],
    ['failures are not remembered', 'now() < failure.at + FAILURE_TTL', 'false'],
    [
      'lifetimes without end',
      'Math.min(TTL_MAX, Math.max(TTL_MIN, asked))',
      'Math.max(TTL_MIN, asked)',
    ],
    [
      'lifetimes of nothing',
      'Math.min(TTL_MAX, Math.max(TTL_MIN, asked))',
      'Math.min(TTL_MAX, asked)',
    ],
    ['nobody is told of removed keys', 'options.onKeysRemoved();', ''],
  ]),
  ...inFile('introspection-request.ts', ASKING, [
    ['active need not be true', "return answer['active'] ? answer : null;", 'return answer;'],
    [
      'active need not be a boolean',
      "if (typeof answer['active'] !== 'boolean') throw unusable('\"active\" is not a boolean');",
      '',
    ],
    ['any status is an answer', 'if (status === 200) return;', 'if (status > 0) return;'],
    [
      'credentials are not encoded',
      "new URLSearchParams({ v: text ?? '' }).toString().slice(2)",
      "text ?? ''",
    ],
  ]),
  ...inFile('introspector.ts', ASKING, [
    [
      'inactive tokens pass',
      "throw new OidcError('ERR_OIDC_TOKEN_INACTIVE', 'The token is not active');",
      'return {};',
    ],
    [
      'answers are remembered beyond exp',
      'Math.min(POSITIVE_SECONDS, exp - now)',
      'POSITIVE_SECONDS',
    ],
    [
      'answers are remembered for an hour',
      'const POSITIVE_SECONDS = 60;',
      'const POSITIVE_SECONDS = 3600;',
    ],
    [
      'refusals are remembered for an hour',
      'const NEGATIVE_SECONDS = 10;',
      'const NEGATIVE_SECONDS = 3600;',
    ],
  ]),
  ...inFile('issuer-runtime.ts', ASKING, [
    [
      'endpoints share one memory',
      'introspection, policy, cachePrefix }',
      "introspection, policy, cachePrefix: '' }",
    ],
    [
      'claims of an answer are not checked',
      'assertClaims({ claims, rules: lenient, now: options.now() / 1000 });',
      '',
    ],
    ['an endpoint speaks for any issuer', 'assertOwnIssuer(claims, events.foreignIssuers);', ''],
  ]),
  ...inFile(
    'node/guarded-fetch.ts',
    ['node/guarded'],
    [
      [
        'what a name resolves to',
        "typeof item !== 'string' && mayConnect(host, item.address)",
        "typeof item !== 'string'",
      ],
      [
        'where the socket is',
        "if (!mayConnect(host, socket.remoteAddress ?? '')) request.destroy(refused());",
        '',
      ],
      [
        'literal addresses',
        'if (/^[\\d.]+$|:/.test(host) && !mayConnect(host, host)) throw refused();',
        '',
      ],
      [
        'http in the guarded fetch',
        "(url.protocol === 'http:' && mayBePlain)",
        "(url.protocol === 'http:')",
      ],
      ['compressed answers', "if (encoding !== 'identity') {", "if (encoding === 'never') {"],
      [
        'answers of any size',
        "if (size > maxBytes) throw new Error('the response is too large');",
        '',
      ],
      [
        'a loopback name may lead anywhere',
        'if (isLoopbackHost(host)) return isLoopbackAddress(address);',
        'if (isLoopbackHost(host)) return true;',
      ],
    ],
  ),
];
