/** A token that was seen before, beside a cold `jwtVerify` of jose in the same run. Budget: ≤ 0.1 ×. */

import { jwtVerify } from 'jose';
import { audience, createBenchValidator, issuer, publicKey, signToken } from '../support/issuer.ts';
import { measureRounds } from '../support/rounds.ts';

const token = (index: number): Promise<string> => signToken({ roles: ['premium'], n: index });
const validator = createBenchValidator();
const seen = await token(0);
await validator.validate(seen);
let count = 0;
function nextToken(): Promise<string> {
  count += 1;
  return token(count);
}
const COLD = 200;
const WARM = 20_000;

const medians = await measureRounds(
  [
    {
      name: 'jose jwtVerify, cold',
      run: () => time(COLD, () => jwtVerify(seen, publicKey, { issuer, audience })),
    },
    {
      name: 'validate, never seen',
      run: async () => {
        const tokens = await Promise.all(Array.from({ length: COLD }, () => nextToken()));
        let at = 0;
        return time(COLD, () => validator.validate(tokens[at++] ?? ''));
      },
    },
    { name: 'validate, seen before', run: () => time(WARM, () => validator.validate(seen)) },
  ],
  7,
);
validator.close();

const base = medians.get('jose jwtVerify, cold') ?? Number.NaN;
for (const [name, microseconds] of medians) {
  process.stdout.write(
    `${name.padEnd(24)} ${microseconds.toFixed(2).padStart(8)} µs  ${(microseconds / base).toFixed(3)} ×\n`,
  );
}
const ratio = (medians.get('validate, seen before') ?? Number.NaN) / base;
process.stdout.write(`budget: seen before ≤ 0.1 × cold: ${ratio <= 0.1 ? 'kept' : 'BROKEN'}\n`);
process.exitCode = ratio <= 0.1 ? 0 : 1;

/** Microseconds per call, one after another. */
async function time(times: number, run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  for (let index = 0; index < times; index += 1) await run();
  return ((performance.now() - start) * 1000) / times;
}
