/**
 * The nodes whose status pages are looked at: healthy, empty, with problems of all kinds or hostile names, without data.
 */
import { CLUSTER_RESOURCES, NO_CLUSTER } from '../../../src/core/cluster-facts.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import type { Token } from '../../../src/core/token/token.ts';
import { HOSTILE, snapshot, troubledNode } from '../../support/snapshots.ts';
import { token } from '../../support/tokens.ts';

/** The letters of a word, and the two marks that are left on each, do not touch each other: other overlaps would be seen. */
const HOSTILE_NAMES = [
  HOSTILE,
  'a'.repeat(300),
  'x-'.repeat(100),
  'שלום-עולם-'.repeat(8),
  'e\u0323\u0301\u0302\u0303\u0304\u0305\u0306\u0316\u0317\u0318\u0319\u031c'.repeat(9),
];

function namedToken(name: string): Token {
  const identity = { namespace: name, pod: name, volume: name, path: name, serviceAccount: name };
  return token({ claims: { audiences: [name] }, identity: { ...identity, podUid: name } });
}

const UNREACHABLE: Snapshot['cluster']['resources'] = new Map(
  CLUSTER_RESOURCES.map((resource) => [resource, { isUp: false, failure: 'unreachable' }]),
);

export const NODES: Readonly<Record<string, () => Snapshot>> = {
  healthy: () => snapshot(),
  troubled: troubledNode,
  empty: () => snapshot({ tokens: [] }),
  hostile: () => snapshot({ tokens: HOSTILE_NAMES.map(namedToken) }),
  blind: () => snapshot({ facts: { cluster: { ...NO_CLUSTER, resources: UNREACHABLE } } }),
  unscanned: () => snapshot({ tokens: [], scannedAt: undefined }),
};
