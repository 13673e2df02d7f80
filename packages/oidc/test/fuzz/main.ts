/**
 * Feeds strange tokens to a resource server for a minute and compares with an oracle made of jose's
 * own verification. Run by `pnpm fuzz`; FUZZ_SECONDS and FUZZ_SEED change the run.
 */
import { importJWK, jwtVerify } from 'jose';
import { createResourceServer, createTokenValidator } from '../../src/index.ts';
import { createFakeProvider } from '../support/fake-provider.ts';
import { signingKey } from '../support/keys.ts';
import { createRandom } from './random.ts';
import { makeToken } from './tokens.ts';

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 60);
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
console.log(`seed ${seed}, ${seconds} s`);

const random = createRandom(seed);
const provider = await createFakeProvider();
const now = provider.clock.seconds;
const [good, attacker] = await Promise.all([signingKey('k1'), signingKey('attacker')]);
const validator = createTokenValidator({
  issuer: 'https://idp.test',
  audiences: ['mcp'],
  fetch: provider.fetch,
  now: provider.now,
});
const server = createResourceServer({ validator, authorizationServers: ['https://idp.test'] });
const key = await importJWK(good.publicJwk, 'RS256');

/** Lenient on purpose: whatever this refuses must be refused; not the other way round. */
async function mayPass(token: string): Promise<boolean> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['RS256'],
      issuer: 'https://idp.test',
      audience: 'mcp',
      clockTolerance: 30,
      currentDate: new Date(now * 1000),
      requiredClaims: ['exp', 'sub', 'iss', 'aud'],
    });
    return typeof payload.sub === 'string' && payload.sub !== '';
  } catch {
    return false;
  }
}

const counts = new Map<string, number>();
const end = performance.now() + seconds * 1000;
let total = 0;
while (performance.now() < end) {
  // A header value has no white space around it.
  const token = (await makeToken({ random, good, attacker, now })).trim();
  let headers: Headers;
  try {
    headers = new Headers({ authorization: `Bearer ${token}` });
  } catch {
    continue;
  }
  total++;
  const answer = await server.require(new Request('https://mcp.test/mcp', { headers }));
  if (answer instanceof Response) {
    counts.set(String(answer.status), (counts.get(String(answer.status)) ?? 0) + 1);
    const text = `${await answer.text()}${answer.headers.get('www-authenticate')}`;
    if (![400, 401].includes(answer.status)) fail(token, `status ${answer.status}`);
    if (!/^[\x20-\x7e]*$/.test(text)) fail(token, 'the answer holds odd characters');
    continue;
  }
  counts.set('accepted', (counts.get('accepted') ?? 0) + 1);
  if (!(await mayPass(token))) fail(token, 'accepted, but the oracle refuses it');
  if (answer.token !== token) fail(token, 'another token was accepted');
  if (JSON.stringify(answer).includes(token)) fail(token, 'the identity shows its token');
}
console.log(`${total} requests`, Object.fromEntries(counts));
if ((counts.get('accepted') ?? 0) < total / 50)
  throw new Error('too few good tokens: the fuzzer is broken');

function fail(token: string, reason: string): never {
  throw new Error(`seed ${seed}: ${reason}\n${token}`);
}
