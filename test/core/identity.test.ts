/**
 * The namespace and the name of the pod that holds a token.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { NO_CLUSTER } from '../../src/core/cluster-facts.ts';
import { type Facts, NO_FACTS } from '../../src/core/facts.ts';
import { advanceHistory, type History, NEW_HISTORY } from '../../src/core/history.ts';
import { formatPod } from '../../src/core/identity.ts';
import { createTakeSnapshot, type Snapshot } from '../../src/core/snapshot.ts';
import type { Token } from '../../src/core/token/token.ts';
import { authority, podFacts } from '../support/cluster.ts';
import { claims, legacyToken, NOW, observation, POD_UID, policy, token } from '../support/tokens.ts';

const raw = { namespace: '', pod: '' };
const own = token({ identity: raw });
const legacy = legacyToken({ identity: raw });
/** A token that names another team's pod. */
const FORGED = {
  namespace: 'billing',
  pod: { name: 'ledger-0', uid: POD_UID },
  issuer: 'https://x',
  keyId: 'x',
};
const forgedSecret = token({ volumeKind: 'secret', claims: FORGED, identity: { ...raw, volume: 'forged' } });
const forgedProjected = token({ claims: FORGED, identity: { ...raw, volume: 'forged' } });
const running = {
  ...NO_CLUSTER,
  pods: new Map([[POD_UID, podFacts({ namespace: 'ci', name: 'runner-0' })]]),
};
const selfOf = (keyId: string) => ({ podUid: 'own', mountedToken: claims({ keyId }) });

function snapshot(tokens: readonly Token[], overrides: Partial<Facts> = {}): Snapshot {
  return createTakeSnapshot(policy())(
    { ...NO_FACTS, observation: observation({ tokens }), ...overrides },
    NOW,
  );
}

function namesOf({ observation: { tokens } }: Snapshot): readonly string[] {
  return tokens.map(({ identity }) => formatPod(identity));
}

describe('the name of the pod of a token', () => {
  it('is that in the API server, for every token', () => {
    const tokens = [own, legacy, forgedSecret, forgedProjected];
    assert.deepEqual(namesOf(snapshot(tokens, { cluster: running })), Array(4).fill('ci/runner-0'));
  });

  it('is that in a token that is bound to the pod, for every token of the pod', () => {
    assert.deepEqual(namesOf(snapshot([own, legacy])), ['payments/api-0', 'payments/api-0']);
  });

  it('is unknown if no token is bound to the pod', () => {
    const [found] = snapshot([legacy]).observation.tokens;
    assert.deepEqual([found?.identity.namespace, found?.identity.pod], ['', '']);
  });

  it('is not that in a token in a Secret, which any user can write', () => {
    assert.deepEqual(namesOf(snapshot([forgedSecret])), [POD_UID]);
    assert.deepEqual(namesOf(snapshot([own, forgedSecret])), ['payments/api-0', 'payments/api-0']);
  });

  it('is not that in a token that is bound to another pod', () => {
    const copied = token({ claims: { pod: { name: 'api-0', uid: 'another' } }, identity: raw });
    assert.deepEqual(namesOf(snapshot([copied])), [POD_UID]);
  });

  it('is that in a token with a key of this cluster if tokens contradict each other', () => {
    const cluster = { ...NO_CLUSTER, authority: authority() };
    const names = ['payments/api-0', 'payments/api-0'];
    assert.deepEqual(namesOf(snapshot([own, forgedProjected], { cluster })), names);
    assert.deepEqual(namesOf(snapshot([forgedProjected, own], { cluster })), names);
  });

  it('is unknown if tokens contradict each other and no key is known', () => {
    assert.deepEqual(namesOf(snapshot([own, forgedProjected])), [POD_UID, POD_UID]);
  });

  it('leaves the service account, which is the subject of the token', () => {
    const [found] = snapshot([forgedSecret], { cluster: running }).observation.tokens;
    assert.equal(found?.identity.serviceAccount, 'api');
    assert.equal(found.claims.namespace, 'billing');
  });
});

describe('a name that was certain once', () => {
  const advance = (history: History, tokens: readonly Token[], overrides: Partial<Facts>): History =>
    advanceHistory(snapshot(tokens, { history, ...overrides }), history);

  it('stays while the API server is away', () => {
    const history = advance(NEW_HISTORY, [legacy], { cluster: running });
    assert.deepEqual(namesOf(snapshot([legacy], { history })), ['ci/runner-0']);
  });

  it('stays after the pod was force-deleted', () => {
    const history = advance(NEW_HISTORY, [own], { cluster: running });
    const cluster = { ...NO_CLUSTER, pods: new Map() };
    assert.deepEqual(namesOf(snapshot([own], { history, cluster })), ['ci/runner-0']);
  });

  it('stays if a forged token appears later', () => {
    const self = selfOf('key-1');
    const seen = advance(NEW_HISTORY, [own], { self });
    const history = advance(seen, [own], { self });
    assert.deepEqual(namesOf(snapshot([forgedProjected], { history })), ['payments/api-0']);
  });

  it('stays for an object of the pod that cannot be read', () => {
    const history = advance(NEW_HISTORY, [legacy], { cluster: running });
    const lost = { podUid: POD_UID, volume: 'v', path: '', reason: 'io_error', detail: '' } as const;
    const blind = observation({ tokens: [], unreadable: [lost] });
    const later = snapshot([], { history, observation: blind });
    assert.deepEqual(later.podNames.get(POD_UID), { namespace: 'ci', pod: 'runner-0' });
    assert.equal(advanceHistory(later, history).podNames.size, 1);
  });

  it('is not that in a token of unknown origin', () => {
    assert.equal(advance(NEW_HISTORY, [own], {}).podNames.size, 0);
  });

  it('ends with the folder of the pod', () => {
    const history = advance(NEW_HISTORY, [own], { cluster: running });
    assert.equal(advance(history, [], {}).podNames.size, 0);
  });
});

describe('the observation of a snapshot', () => {
  it('is that of the files if all names are right', () => {
    const seen = observation({ tokens: [token()] });
    assert.equal(snapshot([], { observation: seen }).observation, seen);
  });

  it('has the same tokens and the same list while nothing changes', () => {
    const take = createTakeSnapshot(policy());
    const facts = { ...NO_FACTS, observation: observation({ tokens: [own] }), cluster: running };
    const before = take(facts, NOW).observation;
    const after = take({ ...facts, cluster: { ...running, accounts: new Map() } }, NOW + 60).observation;
    assert.equal(after, before);
    const rescanned = take(
      { ...facts, observation: { ...facts.observation, scannedAt: NOW + 60 } },
      NOW + 60,
    );
    assert.equal(rescanned.observation.tokens, before.tokens);
  });

  it('keeps the identity of a token over its rotation', () => {
    const take = createTakeSnapshot(policy());
    const at = (one: Token) =>
      take({ ...NO_FACTS, observation: observation({ tokens: [one] }), cluster: running }, NOW).observation
        .tokens[0];
    const rotated = { ...own, claims: claims({ id: 'next' }) };
    const [before, after] = [at(own), at(rotated)];
    assert.notEqual(before, after);
    assert.equal(before?.identity, after?.identity);
  });
});
