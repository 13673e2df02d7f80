/** Which failures are known, why, and what follows when reality differs. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import * as z from 'zod';
import { LEGS, type Leg } from './legs.ts';
import type { Verdict } from './referee.ts';

/** Leg, suite, scenario: the reason. */
const File = z.partialRecord(
  z.enum(LEGS),
  z.record(z.string(), z.record(z.string(), z.string().min(1))),
);
export type Expectations = z.infer<typeof File>;

/**
 * Reads the known failures.
 *
 * @throws {Error} when the proxy in front of an HTTP server is excused from what the server passes.
 */
export async function loadExpectations(): Promise<Expectations> {
  const url = new URL('./expected-failures.yaml', import.meta.url);
  const expectations = File.parse(parse(await readFile(url, 'utf8')));
  for (const [suite, reasons] of Object.entries(expectations.http ?? {})) {
    for (const scenario of Object.keys(reasons)) {
      if (expectations.direct?.[suite]?.[scenario] === undefined) {
        throw new Error(
          `${scenario} (${suite}) passes directly, so it must pass through the proxy`,
        );
      }
    }
  }
  return expectations;
}

/** Everything that differs from what is known; empty when nothing does. */
export function compare(
  verdicts: ReadonlyMap<string, Verdict>,
  expected: Readonly<Record<string, string>> = {},
): readonly string[] {
  const failed = [...verdicts].filter(([, { passed }]) => !passed);
  const surprises = failed
    .filter(([scenario]) => expected[scenario] === undefined)
    .map(([scenario, { complaints }]) => `${scenario} fails: ${complaints.join('; ')}`);
  const stale = Object.keys(expected)
    .filter((scenario) => verdicts.get(scenario)?.passed !== false)
    .map((scenario) => `${scenario} is expected to fail, but passes or does not exist`);
  return [...surprises, ...stale];
}

export function expectedFor(expectations: Expectations, leg: Leg, suite: string) {
  return expectations[leg]?.[suite];
}
