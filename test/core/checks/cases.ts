/**
 * Runs a table of cases against one check, reached as the program reaches it.
 *
 * Every fact is healthy unless a case says otherwise.
 */
import assert from 'node:assert/strict';
import { it } from 'mocha';
import { type Assessment, createAssess, type Policy, verdictFor } from '../../../src/core/assessment.ts';
import { type CheckInput, unknown, unknownText, type Verdict } from '../../../src/core/checks/check.ts';
import { type Reason, SEVERITY_ROWS } from '../../../src/core/checks/index.ts';
import {
  type ClassReview,
  type ClusterFacts,
  NO_CLUSTER,
  type PodFacts,
  type RejectReason,
} from '../../../src/core/cluster-facts.ts';
import { findMissing } from '../../../src/core/missing-tokens.ts';
import type { Observation } from '../../../src/core/observation.ts';
import type { Severity } from '../../../src/core/problems/severity.ts';
import { reviewClassOf } from '../../../src/core/reviews/review-class.ts';
import type { Token } from '../../../src/core/token/token.ts';
import { clusterAround, podFacts } from '../../support/cluster.ts';
import { NOW, observation, policy, token } from '../../support/tokens.ts';

/** Cluster facts that differ from healthy ones; some are looked up by the token. */
export type ClusterChange = Partial<ClusterFacts> | ((token: Token) => Partial<ClusterFacts>);

export interface Circumstances {
  /** Seconds after NOW; a minute by default, so that a deletion before NOW counts. */
  readonly after?: number;
  readonly policy?: Partial<Policy>;
  readonly cluster?: ClusterChange;
  /** Reads are not watched by default. */
  readonly reads?: CheckInput['reads'];
}

export interface Case extends Circumstances {
  /** The title, a sentence. */
  readonly it: string;
  /** A healthy token by default. */
  readonly token?: Token;
  readonly status: Verdict['status'];
  /** The exact detail, if the case is about it. */
  readonly detail?: string;
  /** The severity of the failure, if the case is about it. */
  readonly severity?: Severity;
  /** Every check that fails, if the case is about which one does. */
  readonly failures?: readonly Reason[];
}

function assess(
  one: Token,
  { after = 60, policy: overrides, cluster = {}, reads }: Circumstances,
): Assessment {
  const facts = clusterAround(one, typeof cluster === 'function' ? cluster(one) : cluster);
  return createAssess(policy(overrides))(one, NOW + after, facts, undefined, undefined, reads);
}

/** Its text is that of a minute after NOW, by default. */
export function verdictOf(reason: Reason, one: Token, circumstances: Circumstances = {}): Verdict {
  const assessment = assess(one, circumstances);
  const verdict = verdictFor(assessment, reason);
  assert.ok(verdict, `no check of tokens has the reason ${reason}`);
  if (verdict.status !== 'unknown') return verdict;
  const { after = 60 } = circumstances;
  return unknown(unknownText(verdict.detail, assessment, NOW + after));
}

/** The reasons of the failed checks, sorted. */
function failuresOf(one: Token, circumstances: Circumstances = {}): readonly Reason[] {
  return assess(one, circumstances)
    .failures.map(({ check }) => check.reason)
    .sort();
}

/** Empty for a pass. */
export function detailOf(verdict: Verdict): string {
  return verdict.status === 'pass' ? '' : String(verdict.detail);
}

/** A failure has one of the severities of its check. */
function assertSeverity(reason: Reason, verdict: Verdict, expected: Severity | undefined): void {
  if (verdict.status !== 'fail') return;
  const declared = SEVERITY_ROWS.filter((row) => row.reason === reason).map((row) => row.severity);
  assert.ok(declared.includes(verdict.severity), `${reason} does not declare ${verdict.severity}`);
  if (expected !== undefined) assert.equal(verdict.severity, expected);
}

/** Runs the cases of a check of tokens. At least one must fail, so that the check is known to be able to. */
export function testCases(reason: Reason, cases: readonly Case[]): void {
  assert.ok(
    cases.some(({ status }) => status === 'fail'),
    `add a case to the tests of ${reason} in which it fails`,
  );
  for (const {
    it: title,
    token: one = token(),
    status,
    detail,
    severity,
    failures,
    ...circumstances
  } of cases) {
    it(title, () => {
      const verdict = verdictOf(reason, one, circumstances);
      assert.equal(verdict.status, status, detailOf(verdict));
      if (detail !== undefined) assert.equal(detailOf(verdict), detail);
      assertSeverity(reason, verdict, severity);
      if (failures !== undefined) assert.deepEqual(failuresOf(one, circumstances), [...failures].sort());
    });
  }
}

export interface PodCase {
  /** The title, a sentence. */
  readonly it: string;
  /** A pod that has run for two minutes by default. */
  readonly pod?: Partial<PodFacts>;
  /** A node without any file, scanned at NOW, by default. */
  readonly seen?: Partial<Observation>;
  readonly failures: readonly Reason[];
  /** The exact detail of the failure, if the case is about it. */
  readonly detail?: string;
}

/** When a pod must have started to count as settled at NOW. */
export const SETTLED = NOW - 120;

/** Runs the cases of a check of pods. At least one must fail, so that the check is known to be able to. */
export function testPodCases(reason: Reason, cases: readonly PodCase[]): void {
  assert.ok(
    cases.some(({ failures }) => failures.includes(reason)),
    `add a case to the tests of ${reason} in which it fails`,
  );
  for (const { it: title, pod, seen, failures, detail } of cases) {
    it(title, () => {
      const facts = podFacts({ startedAt: SETTLED, ...pod });
      const found = findMissing(observation({ scannedAt: NOW, tokens: [], ...seen }), {
        ...NO_CLUSTER,
        pods: new Map([[facts.uid, facts]]),
      });
      assert.deepEqual(
        found.map(({ check }) => check.reason),
        failures,
      );
      if (detail !== undefined) assert.equal(found[0]?.detail, detail);
    });
  }
}

/** A TokenReview that accepts the token. */
export function accepted(one: Token): Partial<ClusterFacts> {
  return { reviews: new Map([[one, { isAccepted: true, isForApiServer: false }]]) };
}

/** A TokenReview that rejects the token. */
export function rejected(reason: RejectReason): (one: Token) => Partial<ClusterFacts> {
  return (one) => ({ reviews: new Map([[one, { isAccepted: false, reason }]]) });
}

/** A TokenReview of another token of its class, which has this result, or is pending. */
export function classReviewed(result: ClassReview): (one: Token) => Partial<ClusterFacts> {
  return ({ claims }) => ({ ...NOT_REVIEWED, classReviews: new Map([[reviewClassOf(claims), result]]) });
}

/** No TokenReview of the token. */
export const NOT_REVIEWED: Partial<ClusterFacts> = { reviews: new Map() };

/** The cluster has no service account, or one with this UID in place of the token's. */
export function accounts(uid?: string): Partial<ClusterFacts> {
  return {
    accounts: new Map(uid === undefined ? [] : [['payments/api', { uid, isAutomounted: undefined }]]),
  };
}

/** The API server has other facts on the token's pod. */
export function inPod(overrides: Partial<PodFacts>): (one: Token) => Partial<ClusterFacts> {
  return ({ identity }) => ({ pods: new Map([[identity.podUid, podFacts(overrides)]]) });
}
