/**
 * Feeds made-up input to the readers that everything depends on, for as long as it is told to.
 *
 *     pnpm fuzz [SECONDS] [SEED] [json|sse|headers|stdio]
 *
 * Prints its seed; a failure prints the seed of the one case, for `regressions.test.ts`.
 */
import { CASES } from './cases.ts';
import { createRandom } from './random.ts';

const [seconds = '60', seed = String(Date.now() % 2 ** 31), only] = process.argv.slice(2);
const names = Object.keys(CASES).filter((name) => only === undefined || name === only);
if (names.length === 0) throw new TypeError(`no such case: ${only}`);

process.stdout.write(`seed ${seed}, ${seconds} s for each of ${names.join(', ')}\n`);
for (const name of names) {
  const check = CASES[name]!; // One of its own keys.
  const until = Date.now() + Number(seconds) * 1000;
  let count = 0;
  for (let one = Number(seed); Date.now() < until; one += 1, count += 1) {
    try {
      await check(createRandom(one));
    } catch (error) {
      process.stderr.write(`${name}: seed ${one} fails\n`);
      throw error;
    }
  }
  process.stdout.write(`${name}: ${count} cases hold\n`);
}
