/** Makes tokens that are good, nearly good, and strange. */
import type { SigningKey } from '../support/keys.ts';
import { signParts } from '../support/keys.ts';
import type { Random } from './random.ts';

export interface Material {
  readonly random: Random;
  readonly good: SigningKey;
  readonly attacker: SigningKey;
  /** Seconds since the epoch. */
  readonly now: number;
}

const odd: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  '',
  ' ',
  'x',
  [],
  {},
  ['mcp'],
  '\ud800',
  '__proto__',
];

/** A token text, and whether it was signed with the published key. */
export async function makeToken(material: Material): Promise<string> {
  const { random } = material;
  const header = makeHeader(material);
  const claims = makeClaims(material);
  const key = random.chance(0.8) ? material.good : material.attacker;
  let token = await signParts(disturb(header, random), disturb(claims, random), key);
  while (random.chance(0.25)) token = damage(token, random);
  return token;
}

function makeHeader({ random, good, attacker }: Material): string {
  const header: Record<string, unknown> = { alg: 'RS256', kid: good.kid };
  if (random.chance(0.1))
    header['alg'] = random.pick(['none', 'HS256', 'RS512', 'ES256', 'rs256', ...odd]);
  if (random.chance(0.1)) header['kid'] = random.pick([attacker.kid, undefined, ...odd]);
  if (random.chance(0.1)) header['typ'] = random.pick(['JWT', 'at+jwt', 'dpop+jwt', ...odd]);
  if (random.chance(0.05)) header['crit'] = random.pick([['b64'], ['x'], ...odd]);
  if (random.chance(0.05)) header['jwk'] = attacker.publicJwk;
  if (random.chance(0.05)) header['b64'] = random.pick([true, false]);
  return JSON.stringify(header);
}

function makeClaims({ random, now }: Material): string {
  const claims: Record<string, unknown> = {
    iss: 'https://idp.test',
    aud: 'mcp',
    sub: 'alice',
    exp: now + random.int(200) - 40,
    jti: String(random.int(1e9)),
  };
  for (const name of ['iss', 'aud', 'sub', 'exp', 'nbf', 'iat', 'scope', 'act', 'cnf']) {
    if (!random.chance(0.06)) continue;
    const value = random.pick([
      undefined,
      now,
      now + 30,
      now + 31,
      'https://idp.test/',
      ['x', 'mcp'],
      ...odd,
    ]);
    if (value === undefined) delete claims[name];
    else claims[name] = value;
  }
  return JSON.stringify(claims);
}

/** Repeats a member now and then, under the same name or an escaped one. */
function disturb(json: string, random: Random): string {
  if (!random.chance(0.06)) return json;
  const name = random.pick(['"aud"', '"\\u0061ud"', '"alg"', '"sub"', '"new"']);
  const at = random.pick([1, json.length - 1]);
  const member = `${name}:${random.pick(['"mcp"', '1', '{"a":1,"a":2}', '[{}]'])}`;
  const text = at === 1 ? `{${member},${json.slice(1)}` : `${json.slice(0, -1)},${member}}`;
  return random.chance(0.2) ? `${text}${random.pick([' ', '\n', '\u0000', '}', '//x'])}` : text;
}

function damage(token: string, random: Random): string {
  const at = random.int(token.length);
  const character = random.pick([...'ABCabc019-_+/=. ,"\\\u00e9']);
  switch (random.int(6)) {
    case 0:
      return token.slice(0, at) + character + token.slice(at + 1);
    case 1:
      return token.slice(0, at) + token.slice(at + 1);
    case 2:
      return token.slice(0, at) + character + token.slice(at);
    case 3:
      return token.slice(0, at);
    case 4:
      return token.split('.').toReversed().join('.');
    default:
      return `${token}${random.pick(['=', '.', ' ', 'A', `, Bearer ${token}`])}`;
  }
}
