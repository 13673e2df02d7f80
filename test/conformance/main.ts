/**
 * Plays every scenario on every way and prints a table. Exits with 1 when anything differs from
 * `expected-failures.yaml`.
 *
 *     node main.ts [LEG…]
 */
import { compare, expectedFor, loadExpectations } from './expectations.ts';
import { LEGS, type Leg, startLeg, suitesOf } from './legs.ts';
import { judge, nameOf } from './referee.ts';

const wanted = process.argv.slice(2);
const legs = LEGS.filter((leg) => wanted.length === 0 || wanted.includes(leg));
const expectations = await loadExpectations();
const problems: string[] = [];
say('way            suite         passed  failed as expected  seconds');
for (const leg of legs) await play(leg);
for (const problem of problems) say(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

async function play(leg: Leg): Promise<void> {
  for (const suite of suitesOf(leg)) {
    const startedAt = Date.now();
    const target = await startLeg(leg);
    const verdicts = await judge(target.url, suite);
    await target.close();
    const expected = expectedFor(expectations, leg, nameOf(suite)) ?? {};
    const found = compare(verdicts, expected);
    problems.push(...found.map((problem) => `${leg}, ${nameOf(suite)}: ${problem}`));
    const passed = [...verdicts.values()].filter((verdict) => verdict.passed).length;
    const known = [...verdicts].filter(
      ([scenario, verdict]) => !verdict.passed && expected[scenario] !== undefined,
    ).length;
    say(
      leg.padEnd(15) +
        nameOf(suite).padEnd(12) +
        `${passed}/${verdicts.size}`.padStart(8) +
        String(known).padStart(20) +
        ((Date.now() - startedAt) / 1000).toFixed(0).padStart(9),
    );
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
