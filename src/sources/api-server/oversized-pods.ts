/**
 * Takes the pods whose volumes are beyond the bounds from the others: no token of theirs can be judged by the spec.
 */
import type { PodFacts } from '../../core/cluster-facts.ts';

type Pods = ReadonlyMap<string, PodFacts>;

interface Split {
  /** The pods whose volumes are known; undefined if no pods are. */
  readonly pods: Pods | undefined;
  readonly oversized: Pods;
}

const NONE: Pods = new Map();

function split(all: Pods | undefined): Split {
  const oversized = new Map([...(all ?? NONE)].filter(([, pod]) => pod.isOversized));
  if (all === undefined || oversized.size === 0) return { pods: all, oversized: NONE };
  return { pods: new Map([...all].filter(([uid]) => !oversized.has(uid))), oversized };
}

/** Returns a function that splits pods: its result is the same for the same map. */
export function createSplitOversized(): (all: Pods | undefined) => Split {
  let last: { readonly all: Pods | undefined; readonly result: Split } | undefined;
  return (all) => {
    if (last === undefined || last.all !== all) last = { all, result: split(all) };
    return last.result;
  };
}
