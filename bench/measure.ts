/**
 * Compares alternatives in one process, in turns, so that the state of the machine affects all of them equally.
 */
export interface Contender {
  readonly name: string;
  readonly run: () => unknown;
}

/** Median milliseconds by name. */
export type Medians = Readonly<Record<string, number>>;

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function time(run: Contender['run']): Promise<number> {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
}

/** Runs every contender once per round. The first rounds are not counted. */
export async function compare(contenders: readonly Contender[], rounds = 25, warmUp = 5): Promise<Medians> {
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = -warmUp; round < rounds; round += 1) {
    for (const { name, run } of contenders) {
      const took = await time(run);
      if (round >= 0) times.get(name)?.push(took);
    }
  }
  return Object.fromEntries([...times].map(([name, all]) => [name, percentile(all, 0.5)]));
}
