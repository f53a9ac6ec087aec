/**
 * Compares alternatives in one process, in turns, so that the state of the machine affects all of them equally.
 */
export interface Contender {
  readonly name: string;
  readonly run: () => unknown;
}

export interface Comparison {
  /** Median milliseconds of a contender. */
  readonly ms: (name: string) => number;
  /** Median over all rounds of how much longer one contender takes than another. */
  readonly ratio: (name: string, to: string) => number;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function time(run: Contender['run']): Promise<number> {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
}

/**
 * Runs every contender once per round, and in the reverse order in every other round. The first rounds are not counted.
 */
export async function compare(
  contenders: readonly Contender[],
  rounds = 25,
  warmUp = 5,
): Promise<Comparison> {
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  const timesOf = (name: string): readonly number[] => times.get(name) ?? [];
  for (let round = -warmUp; round < rounds; round += 1) {
    for (const { name, run } of round % 2 === 0 ? contenders : contenders.toReversed()) {
      const took = await time(run);
      if (round >= 0) times.get(name)?.push(took);
    }
  }
  return {
    ms: (name) => percentile(timesOf(name), 0.5),
    ratio: (name, to) => {
      const others = timesOf(to);
      const ratios = timesOf(name).map((took, round) => took / (others[round] ?? Number.NaN));
      return percentile(ratios, 0.5);
    },
  };
}
