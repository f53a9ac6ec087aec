/**
 * The verdict of one check on a token, reached as the program reaches it.
 */
import assert from 'node:assert/strict';
import { createAssess, type Policy } from '../../../src/core/assess.ts';
import type { Verdict } from '../../../src/core/checks/check.ts';
import type { Reason } from '../../../src/core/checks/index.ts';
import type { Token } from '../../../src/core/token.ts';
import { NOW, policy } from '../../support/tokens.ts';

interface Circumstances {
  /** Seconds after NOW. */
  readonly after?: number;
  readonly policy?: Partial<Policy>;
}

export function verdictOf(reason: Reason, token: Token, circumstances: Circumstances = {}): Verdict {
  const { judgements } = createAssess(policy(circumstances.policy))(token, NOW + (circumstances.after ?? 0));
  const judgement = judgements.find(({ check }) => check.reason === reason);
  assert.ok(judgement, `no check with the reason ${reason}`);
  return judgement.verdict;
}

/** What a failure or the lack of knowledge says; empty for a pass. */
export function detailOf(verdict: Verdict): string {
  return verdict.status === 'pass' ? '' : verdict.detail;
}
