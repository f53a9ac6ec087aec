/**
 * The checks that need the API server: each fact yields its own reason, and no other.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createAssess } from '../../../src/core/assessment.ts';
import { CHECKS } from '../../../src/core/checks/index.ts';
import { type ClusterFacts, NO_CLUSTER, REJECT_REASONS } from '../../../src/core/cluster-facts.ts';
import { clusterAround } from '../../support/cluster.ts';
import { NOW, policy, token } from '../../support/tokens.ts';
import { CLUSTER_CASES } from './cluster-cases.ts';
import { verdictOf } from './verdict.ts';

describe('the facts of the cluster', () => {
  for (const { it: title, token: one, cluster, after, fails } of CLUSTER_CASES) {
    it(title, () => {
      const failing = createAssess(policy())(one, NOW + after, cluster).failures;
      assert.deepEqual(failing.map(({ check }) => check.reason).sort(), [...fails].sort());
    });
  }

  for (const reason of REJECT_REASONS) {
    it(`tells the refusal ${reason} in words`, () => {
      const one = token();
      const cluster = clusterAround(one, { reviews: new Map([[one, { isAccepted: false, reason }]]) });
      const verdict = verdictOf('token_refused', one, { cluster });
      assert.ok(verdict.status === 'fail');
      assert.match(verdict.detail, /^the API server says that \w/);
    });
  }
});

describe('what the API server did not say', () => {
  const one = token();
  const parts: readonly Partial<ClusterFacts>[] = [
    { pods: undefined },
    { accounts: undefined },
    { authority: undefined },
    { signatures: new Map() },
    { reviews: new Map() },
    NO_CLUSTER,
  ];
  for (const part of parts) {
    for (const { reason } of CHECKS) {
      it(`never makes ${reason} fail (${Object.keys(part).join(', ')})`, () => {
        const verdict = verdictOf(reason, one, { cluster: clusterAround(one, part), after: 120 });
        assert.notEqual(verdict.status, 'fail');
      });
    }
  }

  const needs = [
    { reason: 'service_account_missing', part: { accounts: undefined } },
    { reason: 'service_account_recreated', part: { accounts: undefined } },
    { reason: 'signing_key_unknown', part: { authority: undefined } },
    { reason: 'issuer_mismatch', part: { authority: undefined, reviews: new Map() } },
    { reason: 'signature_invalid', part: { signatures: new Map() } },
    { reason: 'token_refused', part: { reviews: new Map() } },
  ] as const;
  for (const { reason, part } of needs) {
    it(`makes ${reason} unknown`, () => {
      assert.equal(verdictOf(reason, one, { cluster: clusterAround(one, part) }).status, 'unknown');
    });
  }
});
