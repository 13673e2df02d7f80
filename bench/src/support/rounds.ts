/** Interleaved rounds and their medians. */

/** One way of doing a thing; `run` gives what is compared. */
export interface Variant<T> {
  readonly name: string;
  readonly run: () => Promise<T>;
}

/** Runs every variant once per round, in alternating order; everything by name. */
export async function runRounds<T>(
  variants: readonly Variant<T>[],
  rounds: number,
): Promise<ReadonlyMap<string, readonly T[]>> {
  const values = new Map(variants.map(({ name }) => [name, [] as T[]]));
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? variants : [...variants].reverse();
    for (const { name, run } of order) values.get(name)?.push(await run());
  }
  return values;
}

/** The same for numbers; medians by name. */
export async function measureRounds(
  variants: readonly Variant<number>[],
  rounds: number,
): Promise<ReadonlyMap<string, number>> {
  const values = await runRounds(variants, rounds);
  return new Map([...values].map(([name, list]) => [name, median(list)]));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
