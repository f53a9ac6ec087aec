/**
 * The verdict of one check on a token, reached as the program reaches it.
 */
import assert from 'node:assert/strict';
import { createAssess, type Policy } from '../../../src/core/assessment.ts';
import type { Verdict } from '../../../src/core/checks/check.ts';
import type { Reason } from '../../../src/core/checks/index.ts';
import type { ClusterFacts } from '../../../src/core/cluster-facts.ts';
import type { Token } from '../../../src/core/token.ts';
import { clusterAround } from '../../support/cluster.ts';
import { NOW, policy } from '../../support/tokens.ts';

interface Circumstances {
  /** Seconds after NOW. */
  readonly after?: number;
  readonly policy?: Partial<Policy>;
  /** What the API server says; that all is well by default. */
  readonly cluster?: ClusterFacts;
}

export function verdictOf(reason: Reason, token: Token, circumstances: Circumstances = {}): Verdict {
  const { after = 0, cluster = clusterAround(token) } = circumstances;
  const { results } = createAssess(policy(circumstances.policy))(token, NOW + after, cluster);
  const result = results.find(({ check }) => check.reason === reason);
  assert.ok(result, `no check with the reason ${reason}`);
  return result.verdict;
}

/** What a failure or the lack of knowledge says; empty for a pass. */
export function detailOf(verdict: Verdict): string {
  return verdict.status === 'pass' ? '' : verdict.detail;
}
