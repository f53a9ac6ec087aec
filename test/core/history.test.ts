/**
 * What is remembered from earlier snapshots.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type Facts, NO_FACTS } from '../../src/core/facts.ts';
import { advanceHistory, type History, NEW_HISTORY, NO_HISTORY } from '../../src/core/history.ts';
import { placeOf } from '../../src/core/origin.ts';
import { CANARY_VOLUME } from '../../src/core/self-check.ts';
import { createTakeSnapshot, type Snapshot } from '../../src/core/snapshot.ts';
import { clusterAround } from '../support/cluster.ts';
import { claims, legacyToken, NOW, observation, POD_UID, policy, token } from '../support/tokens.ts';

const take = createTakeSnapshot(policy());
const one = token();
const seen = { observation: observation({ tokens: [one] }), cluster: clusterAround(one) };

function snapshot(overrides: Partial<Facts>, now = NOW + 60): Snapshot {
  return take({ ...NO_FACTS, history: NEW_HISTORY, ...overrides }, now);
}

/** Advances by one snapshot after the other, each taken with the history of those before. */
function historyOf(...steps: readonly (readonly [facts: Partial<Facts>, now: number])[]): History {
  return steps.reduce<History>(
    (history, [facts, now]) => advanceHistory(snapshot({ ...facts, history }, now), history),
    NEW_HISTORY,
  );
}

describe('advanceHistory', () => {
  it('returns the same history if nothing has changed', () => {
    const history = advanceHistory(snapshot(seen), NEW_HISTORY);
    assert.notEqual(history, NEW_HISTORY);
    assert.equal(advanceHistory(snapshot({ ...seen, history }, NOW + 90), history), history);
  });

  it('does not track missing tokens for a process that takes one snapshot', () => {
    assert.equal(advanceHistory(snapshot(seen), NO_HISTORY).missingSince, undefined);
  });
});

describe('a remembered origin', () => {
  const away = { ...seen, cluster: NO_FACTS.cluster };

  it('holds while the API server is away', () => {
    const history = historyOf([seen, NOW], [away, NOW + 60]);
    assert.equal(snapshot({ ...away, history }).assessments[0]?.context.origin, 'kubelet');
  });

  it('holds while the file cannot be read', () => {
    const lost = {
      podUid: POD_UID,
      volume: 'vault-token',
      path: '',
      reason: 'io_error',
      detail: '',
    } as const;
    const blind = { ...away, observation: observation({ tokens: [], unreadable: [lost] }) };
    assert.ok(historyOf([seen, NOW], [blind, NOW + 60]).origins.has(placeOf(one.identity)));
  });

  it('ends with the token', () => {
    const gone = { ...away, observation: observation({ tokens: [] }) };
    assert.equal(historyOf([seen, NOW], [gone, NOW + 60]).origins.size, 0);
  });

  it('is foreign from now on if the spec is known and requests no such token', () => {
    const pods = new Map(
      [...(seen.cluster.pods ?? [])].map(([uid, pod]) => [uid, { ...pod, projections: [] }]),
    );
    const other = { ...seen, cluster: { ...seen.cluster, pods } };
    const history = historyOf([seen, NOW], [other, NOW + 60]);
    assert.equal(history.origins.get(placeOf(one.identity))?.origin, 'foreign');
  });

  it('is not made of an origin that may still change', () => {
    assert.equal(historyOf([away, NOW]).origins.size, 0);
  });

  it('holds for a legacy token while the API server is away', () => {
    const legacy = legacyToken();
    const facts = { observation: observation({ tokens: [legacy] }), cluster: clusterAround(legacy) };
    const history = historyOf([facts, NOW]);
    const later = snapshot({ ...facts, cluster: NO_FACTS.cluster, history });
    assert.equal(later.assessments[0]?.context.origin, 'secret');
  });
});

describe('the remembered issuers and keys', () => {
  const own = claims({ issuer: 'https://own', keyId: 'own-key' });
  const self = { podUid: POD_UID, mountedToken: own };

  it("are those of the exporter's own token", () => {
    const { issuers, keyIds } = historyOf([{ ...seen, self }, NOW]);
    assert.deepEqual([...issuers, ...keyIds], ['https://own', 'own-key']);
  });

  it('include those of the canary', () => {
    const canary = token({
      identity: { volume: CANARY_VOLUME, path: 'token' },
      claims: { keyId: 'canary-key' },
    });
    const facts = { observation: observation({ tokens: [canary] }), self };
    assert.deepEqual([...historyOf([facts, NOW]).keyIds], ['own-key', 'canary-key']);
  });

  it('exclude a canary volume of another pod', () => {
    const other = token({ identity: { podUid: 'another', volume: CANARY_VOLUME } });
    const facts = { observation: observation({ tokens: [other] }), self };
    assert.deepEqual([...historyOf([facts, NOW]).keyIds], ['own-key']);
  });

  it('stay known after a change of issuer and key', () => {
    const next = { podUid: POD_UID, mountedToken: claims({ issuer: 'https://next', keyId: 'next-key' }) };
    const { issuers, keyIds } = historyOf([{ ...seen, self }, NOW], [{ ...seen, self: next }, NOW + 60]);
    assert.deepEqual([...issuers], ['https://own', 'https://next']);
    assert.deepEqual([...keyIds], ['own-key', 'next-key']);
  });

  it('are bounded', () => {
    const steps = Array.from(
      { length: 40 },
      (_, index) =>
        [
          { self: { podUid: POD_UID, mountedToken: claims({ keyId: `key-${index}` }) } },
          NOW + index,
        ] as const,
    );
    const { keyIds } = historyOf(...steps);
    assert.equal(keyIds.size, 16);
    assert.ok(keyIds.has('key-39'));
  });
});

describe('the start of a problem', () => {
  const startIn = ({ problemStarts }: History) =>
    problemStarts.get(placeOf(one.identity))?.get('service_account_missing');
  const broken = { ...seen, cluster: { ...seen.cluster, accounts: new Map() } };
  const blind = { ...seen, cluster: { ...seen.cluster, accounts: undefined } };

  it('is when it was first seen', () => {
    assert.equal(startIn(historyOf([seen, NOW + 60], [broken, NOW + 70], [broken, NOW + 80])), NOW + 70);
  });

  it('stays while the check has no verdict', () => {
    assert.equal(startIn(historyOf([broken, NOW + 70], [blind, NOW + 80], [broken, NOW + 90])), NOW + 70);
  });

  it('excludes a check without a verdict', () => {
    assert.equal(historyOf([blind, NOW + 70]).problemStarts.size, 0);
  });

  it('is forgotten once the check passes', () => {
    assert.equal(startIn(historyOf([broken, NOW + 70], [seen, NOW + 80], [broken, NOW + 90])), NOW + 90);
  });
});
