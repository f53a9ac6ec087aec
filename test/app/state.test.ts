/**
 * The facts of several sources, merged and judged.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Sources } from '../../src/app/sources.ts';
import { createState, type State } from '../../src/app/state.ts';
import { NO_CLUSTER } from '../../src/core/cluster-facts.ts';
import { NO_FACTS, type SourceFacts, type SourceRun } from '../../src/core/facts.ts';
import { createTakeSnapshot, type Snapshot, type TakeSnapshot } from '../../src/core/snapshot.ts';
import { podFacts } from '../support/cluster.ts';
import { claims, NOW, observation, policy } from '../support/tokens.ts';

const NAMES = { observation: 'files', cluster: 'api-server', self: 'self' } as const;
type Row = keyof typeof NAMES;

interface TestState {
  readonly state: State;
  /** What the sources know; to be changed by the test. */
  readonly facts: { -readonly [K in Row]: SourceFacts[K] };
  /** The last runs by name of the source; to be changed by the test. */
  readonly runs: Map<string, SourceRun>;
  /** The snapshots that each source was given. */
  readonly given: Readonly<Record<string, readonly Snapshot[]>>;
  readonly setTime: (seconds: number) => void;
  /** The number of snapshots so far. */
  readonly taken: () => number;
}

function createTestState(
  used: readonly Row[] = ['observation', 'cluster', 'self'],
  isContinuous = true,
): TestState {
  const facts = { observation: NO_FACTS.observation, cluster: NO_FACTS.cluster, self: NO_FACTS.self };
  const runs = new Map<string, SourceRun>();
  const given: Record<string, Snapshot[]> = {};
  let now = NOW;
  const sourceOf = (key: Row) => ({
    name: NAMES[key],
    run: () => assert.fail('the state runs no source'),
    facts: () => facts[key],
    lastRun: () => runs.get(NAMES[key]),
    onSnapshot: (snapshot: Snapshot) => {
      given[key] = [...(given[key] ?? []), snapshot];
    },
    close: () => assert.fail('the state closes no source'),
  });
  const sources = Object.fromEntries(used.map((row) => [row, sourceOf(row)])) as unknown as Sources;
  const takeSnapshot = createTakeSnapshot(policy());
  let taken = 0;
  const countSnapshot: TakeSnapshot = (...args) => {
    taken += 1;
    return takeSnapshot(...args);
  };
  const state = createState({ sources, takeSnapshot: countSnapshot, now: () => now, isContinuous });
  const setTime = (seconds: number): void => {
    now = seconds;
  };
  return { state, facts, runs, given, setTime, taken: () => taken };
}

/** A pod whose token is missing from the node. */
function clusterWithMissingToken() {
  const pod = podFacts({ uid: 'another', name: 'another' });
  return { ...NO_CLUSTER, pods: new Map([[pod.uid, pod]]) };
}

describe('the state', () => {
  it('merges the facts of every source into one snapshot', () => {
    const { state, facts } = createTestState();
    facts.observation = observation();
    facts.cluster = clusterWithMissingToken();
    facts.self = { podUid: 'own', mountedToken: claims() };
    const snapshot = state.snapshot();
    assert.equal(snapshot.observation, facts.observation);
    assert.equal(snapshot.cluster, facts.cluster);
    assert.equal(snapshot.self, facts.self);
  });

  it('uses the facts that hold without a source if it is not in use', () => {
    const { state } = createTestState([]);
    const { observation: seen, cluster, self, runs } = state.snapshot();
    assert.deepEqual(
      { observation: seen, cluster, self, runs },
      {
        observation: NO_FACTS.observation,
        cluster: NO_FACTS.cluster,
        self: NO_FACTS.self,
        runs: NO_FACTS.runs,
      },
    );
  });

  it('judges at the time of the call', () => {
    const { state, facts, setTime } = createTestState();
    facts.observation = observation();
    assert.equal(state.snapshot().now, NOW);
    setTime(NOW + 3_600);
    assert.equal(state.snapshot().now, NOW + 3_600);
    assert.equal(state.snapshot().byState.get('expired'), 1);
  });

  it('shows new facts of a source in the next snapshot, also without a refresh', () => {
    const { state, facts } = createTestState();
    facts.observation = observation();
    state.refresh();
    facts.cluster = clusterWithMissingToken();
    assert.equal(state.snapshot().cluster, facts.cluster);
  });

  it('reports the last run of each source in use, undefined before its first', () => {
    const { state, runs } = createTestState(['observation', 'cluster']);
    const run = { isSuccess: true, seconds: 0.5 };
    runs.set('files', run);
    assert.deepEqual(
      [...state.snapshot().runs],
      [
        ['files', run],
        ['api-server', undefined],
      ],
    );
  });

  it('gives all facts to every source at each refresh, and at no other time', () => {
    const { state, facts, given } = createTestState();
    facts.observation = observation();
    state.snapshot();
    assert.deepEqual(given, {});
    state.refresh();
    state.refresh();
    assert.deepEqual(Object.keys(given), ['observation', 'cluster', 'self']);
    for (const snapshots of Object.values(given)) {
      assert.equal(snapshots.length, 2);
      assert.equal(snapshots[0]?.observation, facts.observation);
    }
  });
});

describe('a refresh of the state', () => {
  it('passes on a snapshot with what it learned from the one before', () => {
    const { state, facts, taken } = createTestState();
    facts.observation = observation();
    facts.cluster = clusterWithMissingToken();
    const { history } = state.refresh();
    assert.equal(history.missingSince?.size, 1);
    assert.equal(taken(), 2);
  });

  it('judges all tokens once if there was nothing to learn', () => {
    const { state, facts, taken, setTime } = createTestState();
    facts.observation = observation();
    facts.cluster = clusterWithMissingToken();
    const before = state.refresh();
    setTime(NOW + 1);
    const after = state.refresh();
    assert.equal(after.history, before.history);
    assert.equal(taken(), 3);
  });
});

describe('a missing token in the state', () => {
  const missingAt = (test: TestState, seconds: number): number => {
    test.setTime(NOW + seconds);
    return test.state.snapshot().missingTokens.length;
  };

  it('is reported only after it has been missing for a while', () => {
    const test = createTestState();
    test.facts.observation = observation();
    test.facts.cluster = clusterWithMissingToken();
    test.state.refresh();
    assert.deepEqual([missingAt(test, 0), missingAt(test, 9), missingAt(test, 10)], [0, 0, 1]);
  });

  it('is missing since the first refresh that missed it, however many follow', () => {
    const test = createTestState();
    test.facts.observation = observation();
    test.facts.cluster = clusterWithMissingToken();
    for (const seconds of [0, 4, 8]) {
      test.setTime(NOW + seconds);
      test.state.refresh();
    }
    assert.equal(missingAt(test, 10), 1);
  });

  it('starts over if it was not missing in between', () => {
    const test = createTestState();
    test.facts.observation = observation();
    test.facts.cluster = clusterWithMissingToken();
    test.state.refresh();
    test.setTime(NOW + 5);
    test.facts.cluster = NO_CLUSTER;
    test.state.refresh();
    test.setTime(NOW + 6);
    test.facts.cluster = clusterWithMissingToken();
    test.state.refresh();
    assert.deepEqual([missingAt(test, 15), missingAt(test, 16)], [0, 1]);
  });

  it('is not missing before the first scan', () => {
    const test = createTestState();
    test.facts.cluster = clusterWithMissingToken();
    test.state.refresh();
    assert.equal(missingAt(test, 60), 0);
    test.facts.observation = observation({ scannedAt: NOW + 60 });
    test.state.refresh();
    assert.deepEqual([missingAt(test, 60), missingAt(test, 70)], [0, 1]);
  });

  it('is reported at once if the facts are not refreshed continuously', () => {
    const test = createTestState(undefined, false);
    test.facts.observation = observation();
    test.facts.cluster = clusterWithMissingToken();
    test.state.refresh();
    assert.equal(missingAt(test, 0), 1);
  });
});
