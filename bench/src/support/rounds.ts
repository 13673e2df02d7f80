/** Interleaved rounds and their medians. */

/** One way of doing a thing; `run` gives the value that is compared. */
export interface Variant {
  readonly name: string;
  readonly run: () => Promise<number>;
}

/** Runs every variant once per round, in alternating order; medians by name. */
export async function measureRounds(
  variants: readonly Variant[],
  rounds: number,
): Promise<Map<string, number>> {
  const values = new Map(variants.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? variants : [...variants].reverse();
    for (const { name, run } of order) values.get(name)?.push(await run());
  }
  return new Map([...values].map(([name, list]) => [name, median(list)]));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
