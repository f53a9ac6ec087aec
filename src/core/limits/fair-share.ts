/**
 * Divides a capacity among groups: each gets what it needs, or an equal share of what the smaller ones leave.
 */

/** Returns what each group gets (max-min fairness). The sum is at most the capacity. */
export function fairShares<K>(demands: ReadonlyMap<K, number>, capacity: number): ReadonlyMap<K, number> {
  const ascending = [...demands].sort(([, a], [, b]) => a - b);
  const shares = new Map<K, number>();
  let left = capacity;
  for (const [index, [group, demand]] of ascending.entries()) {
    const share = Math.min(demand, left / (ascending.length - index));
    shares.set(group, share);
    left -= share;
  }
  return shares;
}
