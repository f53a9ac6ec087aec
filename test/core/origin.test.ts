/**
 * The origin of a token: which party issued it, and which one rotates it.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { PodFacts } from '../../src/core/cluster-facts.ts';
import {
  NOTHING_REMEMBERED,
  type Origin,
  type OriginFacts,
  type OriginMemory,
  originOf,
  placeOf,
  stickyOriginOf,
} from '../../src/core/origin.ts';
import type { Token } from '../../src/core/token/token.ts';
import { authority, podFacts } from '../support/cluster.ts';
import { ISSUER, legacyToken, token } from '../support/tokens.ts';

const NO_FACTS: OriginFacts = { pod: undefined, account: undefined, authority: undefined };
const FOREIGN = { issuer: 'https://elsewhere', keyId: 'key-elsewhere' };
/** What a virtual cluster writes: a token for the virtual pod, which has a name and a uid of its own. */
const virtual = token({
  claims: {
    ...FOREIGN,
    pod: { name: 'api-0', uid: 'virtual-uid' },
    audiences: ['vault', 'https://elsewhere'],
  },
});
const bySpec = podFacts();
const noSource: PodFacts = podFacts({ projections: [] });
const mounting = (secretName: string): PodFacts =>
  podFacts({
    projections: [],
    secrets: [{ volume: 'api-token', secretName, isOptional: false, isAtTokenPath: false, isMounted: true }],
  });
const full = (pod: OriginFacts['pod'], account: OriginFacts['account'] = 'absent'): OriginFacts => ({
  pod,
  account,
  authority: authority(),
});
const remembering = (one: Token, origin: Origin): OriginMemory => {
  const sticky = stickyOriginOf(one, origin);
  assert.ok(sticky);
  return { ...NOTHING_REMEMBERED, origins: new Map([[placeOf(one.identity), sticky]]) };
};
const ownIssuer: OriginMemory = { ...NOTHING_REMEMBERED, issuers: new Set([ISSUER]) };
const ownKey: OriginMemory = { ...NOTHING_REMEMBERED, keyIds: new Set(['key-1']) };
const foreignLegacy = legacyToken({
  claims: { keyId: 'key-elsewhere', serviceAccount: { name: 'api', uid: 'x' } },
});

interface Case {
  readonly it: string;
  readonly token: Token;
  readonly facts?: OriginFacts;
  readonly memory?: OriginMemory;
  readonly origin: Origin;
}

function testCases(cases: readonly Case[]): void {
  for (const { it: title, token: one, facts = NO_FACTS, memory = NOTHING_REMEMBERED, origin } of cases)
    it(title, () => assert.equal(originOf(one, facts, memory), origin));
}

describe("the origin of a token whose pod's spec is known", () => {
  testCases([
    { it: 'is kubelet if the spec requests it', token: token(), facts: full(bySpec), origin: 'kubelet' },
    {
      it: 'is kubelet if the spec requests a token at its path, even with foreign claims',
      token: virtual,
      facts: full(bySpec),
      origin: 'kubelet',
    },
    {
      it: 'is foreign if the spec requests no token at its path, as in a virtual cluster',
      token: virtual,
      facts: full(noSource),
      origin: 'foreign',
    },
    {
      it: 'is foreign if the spec requests a token at another path of the volume',
      token: virtual,
      facts: full(podFacts({ projections: bySpec.projections.map((one) => ({ ...one, path: 'other' })) })),
      origin: 'foreign',
    },
    {
      it: 'is foreign for a token that the spec does not request, even of this cluster',
      token: token(),
      facts: full(noSource),
      memory: ownIssuer,
      origin: 'foreign',
    },
    {
      it: 'is foreign for a token with an end in a Secret',
      token: token({ volumeKind: 'secret' }),
      facts: full(noSource),
      origin: 'foreign',
    },
  ]);
});

describe("the origin of a token whose pod's spec is not known", () => {
  testCases([
    { it: 'is unknown without any fact', token: token(), origin: 'unknown' },
    {
      it: 'is unknown after the pod was force-deleted',
      token: token(),
      facts: { ...NO_FACTS, pod: 'absent' },
      origin: 'unknown',
    },
    {
      it: "is kubelet with an issuer of the exporter's own token",
      token: token({ claims: { keyId: 'new' } }),
      memory: ownIssuer,
      origin: 'kubelet',
    },
    {
      it: "is kubelet with a key of the exporter's own token",
      token: token({ claims: { issuer: 'https://former' } }),
      memory: ownKey,
      origin: 'kubelet',
    },
    {
      it: 'is kubelet with a published key',
      token: token(),
      facts: { ...NO_FACTS, authority: authority() },
      origin: 'kubelet',
    },
    {
      it: 'is unknown if it is bound to another pod, even with an issuer of this name',
      token: token({ claims: { pod: { name: 'api-0', uid: 'virtual-uid' } } }),
      memory: ownIssuer,
      origin: 'unknown',
    },
    {
      it: 'is unknown if issuer and key are not known',
      token: token({ claims: FOREIGN }),
      memory: ownIssuer,
      origin: 'unknown',
    },
    {
      it: 'is kubelet if the spec requested it before, even if its claims changed',
      token: token({ claims: FOREIGN }),
      facts: { ...NO_FACTS, pod: 'absent' },
      memory: remembering(token(), 'kubelet'),
      origin: 'kubelet',
    },
    {
      it: 'stays foreign after the pod of a virtual cluster was force-deleted',
      token: virtual,
      facts: { ...NO_FACTS, pod: 'absent' },
      memory: remembering(virtual, 'foreign'),
      origin: 'foreign',
    },
    {
      it: 'is foreign for a token with an end in a Secret volume',
      token: token({ volumeKind: 'secret' }),
      origin: 'foreign',
    },
  ]);
});

describe('the origin of a legacy token', () => {
  const one = legacyToken();
  testCases([
    { it: 'is unknown without any fact', token: one, origin: 'unknown' },
    {
      it: 'is secret if its key is published',
      token: one,
      facts: { ...NO_FACTS, authority: authority() },
      origin: 'secret',
    },
    { it: "is secret with a key of the exporter's own token", token: one, memory: ownKey, origin: 'secret' },
    {
      it: 'is secret if the API server knows its service account by this UID',
      token: legacyToken({ claims: { keyId: undefined } }),
      facts: {
        ...NO_FACTS,
        account: { uid: one.claims.serviceAccount.uid ?? '', isAutomounted: undefined },
      },
      origin: 'secret',
    },
    {
      it: 'is secret if it names the Secret that is mounted',
      token: foreignLegacy,
      facts: full(mounting('api-token')),
      origin: 'secret',
    },
    {
      it: 'is foreign if nothing of it is of this cluster',
      token: foreignLegacy,
      facts: full(mounting('cluster-b'), { uid: 'another', isAutomounted: undefined }),
      origin: 'foreign',
    },
    {
      it: 'is foreign if it names a Secret of another namespace',
      token: foreignLegacy,
      facts: full({ ...mounting('api-token'), namespace: 'argocd' }),
      origin: 'foreign',
    },
    {
      it: 'is unknown while the keys are not known',
      token: foreignLegacy,
      facts: { ...full(mounting('cluster-b')), authority: undefined },
      origin: 'unknown',
    },
    {
      it: 'is unknown while the service accounts are not known',
      token: foreignLegacy,
      facts: { ...full(mounting('cluster-b')), account: undefined },
      origin: 'unknown',
    },
    {
      it: 'is unknown while the pod is not known',
      token: foreignLegacy,
      facts: full(undefined),
      origin: 'unknown',
    },
    {
      it: 'stays secret after its key was withdrawn and its account deleted',
      token: foreignLegacy,
      facts: full(mounting('cluster-b')),
      memory: remembering(foreignLegacy, 'secret'),
      origin: 'secret',
    },
    {
      it: 'is decided again after another token took its place',
      token: foreignLegacy,
      facts: full(mounting('cluster-b')),
      memory: remembering(legacyToken(), 'secret'),
      origin: 'foreign',
    },
    ...[{ pod: undefined }, { account: undefined }, { authority: undefined }].map((missing) => ({
      it: `stays foreign while this is not known anymore: ${Object.keys(missing).join()}`,
      token: foreignLegacy,
      facts: { ...full(mounting('cluster-b')), ...missing },
      memory: remembering(foreignLegacy, 'foreign'),
      origin: 'foreign' as const,
    })),
    {
      it: 'is unknown without facts after another token replaced a foreign one',
      token: legacyToken(),
      memory: remembering(foreignLegacy, 'foreign'),
      origin: 'unknown',
    },
    {
      it: 'is secret if it names the Secret that is mounted, after it was foreign',
      token: foreignLegacy,
      facts: full(mounting('api-token')),
      memory: remembering(foreignLegacy, 'foreign'),
      origin: 'secret',
    },
    {
      it: 'is secret in a projected volume as well',
      token: legacyToken({ volumeKind: 'projected' }),
      facts: full(noSource),
      origin: 'secret',
    },
  ]);
});
