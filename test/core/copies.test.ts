/**
 * Copies of tokens that no running container has are dropped.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type ClusterFacts, NO_CLUSTER } from '../../src/core/cluster-facts.ts';
import { createDropUnused } from '../../src/core/copies.ts';
import { containerFacts, podFacts } from '../support/cluster.ts';
import { observation, POD_UID, token } from '../support/tokens.ts';

const copyIn = (container: string) =>
  token({ volumeKind: 'subpath', copy: { container, replacedAt: undefined } });
const main = copyIn('main');
const init = copyIn('init');
const original = token();
const seen = observation({ tokens: [original, main, init] });

function running(...names: readonly string[]): ClusterFacts {
  const ended = containerFacts({ name: 'ended', isRunning: false });
  const containers = [ended, ...names.map((name) => containerFacts({ name }))];
  return { ...NO_CLUSTER, pods: new Map([[POD_UID, podFacts({ containers })]]) };
}

describe('createDropUnused', () => {
  it('drops the copies of containers that do not run', () => {
    const dropUnused = createDropUnused();
    assert.deepEqual(dropUnused(seen, running('main')).tokens, [original, main]);
    assert.deepEqual(dropUnused(seen, running()).tokens, [original]);
  });

  it('returns the same list while it is equal, and the observation itself if nothing is dropped', () => {
    const dropUnused = createDropUnused();
    assert.equal(dropUnused(seen, running('main')).tokens, dropUnused({ ...seen }, running('main')).tokens);
    assert.equal(dropUnused(seen, running('main', 'init')), seen);
  });

  it('keeps every copy of a pod that is not known', () => {
    const others = { ...NO_CLUSTER, pods: new Map() };
    for (const cluster of [NO_CLUSTER, others]) assert.equal(createDropUnused()(seen, cluster), seen);
  });

  it('keeps those of containers that are not known, and no others', () => {
    const ended = [containerFacts({ name: 'init', isRunning: false })];
    const pod = podFacts({ containers: ended, hasUnknownContainers: true });
    const cluster = { ...NO_CLUSTER, pods: new Map([[POD_UID, pod]]) };
    assert.deepEqual(createDropUnused()(seen, cluster).tokens, [original, main]);
  });
});
