/**
 * One fact of the cluster at a time that is other than it should be, and exactly what is then found.
 */
import type { Reason } from '../../../src/core/checks/index.ts';
import type { AccountFacts, ClusterFacts, RejectReason } from '../../../src/core/cluster-facts.ts';
import type { Token } from '../../../src/core/token.ts';
import { authority, clusterAround, podFacts } from '../../support/cluster.ts';
import { ISSUER, legacyToken, NOW, token } from '../../support/tokens.ts';

export interface ClusterCase {
  readonly it: string;
  readonly token: Token;
  readonly cluster: ClusterFacts;
  /** Seconds after NOW. */
  readonly after: number;
  readonly fails: readonly Reason[];
}

type Change = (token: Token) => Partial<ClusterFacts>;

const MINUTE = 60;

function row(it: string, one: Token, change: Change, ...fails: readonly Reason[]): ClusterCase {
  return { it, token: one, cluster: clusterAround(one, change(one)), after: MINUTE, fails };
}

function accounts(account?: AccountFacts): Partial<ClusterFacts> {
  return { accounts: new Map(account === undefined ? [] : [['payments/api', account]]) };
}

function refused(reason: RejectReason): Change {
  return (one) => ({ reviews: new Map([[one, { isAccepted: false, reason }]]) });
}

function inPod(overrides: Parameters<typeof podFacts>[0]): Change {
  return ({ identity }) => ({ pods: new Map([[identity.podUid, podFacts(overrides)]]) });
}

/** Everything is wrong that can be. */
function allWrong(one: Token): Partial<ClusterFacts> {
  return { ...accounts(), authority: authority({ issuer: 'https://another' }), ...refused('other')(one) };
}

const healthy = token();
const defaultToken = token({
  claims: { audiences: [ISSUER] },
  identity: { volume: 'kube-api-access-x2k4z', path: 'token' },
});
const { volume, path } = defaultToken.identity;
const defaultProjection = { volume, path, audience: undefined, expirationSeconds: 3_607 };
const accepted: Change = (one) => ({ reviews: new Map([[one, { isAccepted: true }]]) });
const notAsked = { reviews: new Map() };
const another = { uid: 'another-uid', isAutomounted: undefined };

export const CLUSTER_CASES: readonly ClusterCase[] = [
  row('passes where all is well', healthy, () => ({})),
  row('misses the account', healthy, () => accounts(), 'service_account_missing'),
  { ...row('lets an account be that was there just now', healthy, () => accounts()), after: MINUTE - 1 },
  row('sees another account of the same name', healthy, () => accounts(another), 'service_account_recreated'),
  row(
    'sees a key that is not published',
    healthy,
    () => ({ ...notAsked, authority: authority({ keyIds: new Set(['key-2']) }) }),
    'signing_key_unknown',
  ),
  row('waits for keys read since the token was issued', healthy, () => ({
    ...notAsked,
    authority: authority({ keyIds: new Set(), readAt: NOW }),
  })),
  row('believes the API server over its list of keys', healthy, (one) => ({
    ...accepted(one),
    authority: authority({ keyIds: new Set() }),
  })),
  row(
    'sees a signature that is not the key’s',
    healthy,
    (one) => ({ signatures: new Map([[one, false]]) }),
    'signature_invalid',
  ),
  row('waits for an issuer read since the token was issued', healthy, () => ({
    ...notAsked,
    authority: authority({ issuer: 'https://another', readAt: NOW }),
  })),
  row(
    'sees another issuer',
    healthy,
    () => ({ ...notAsked, authority: authority({ issuer: 'https://another' }) }),
    'issuer_mismatch',
  ),
  row(
    'finds no second fault in the audience of a former issuer',
    defaultToken,
    (one) => ({
      ...notAsked,
      ...inPod({ projections: [defaultProjection] })(one),
      authority: authority({ issuer: 'https://another', audiences: ['https://another'] }),
    }),
    'issuer_mismatch',
  ),
  row('believes the API server that accepts a former issuer', healthy, (one) => ({
    ...accepted(one),
    authority: authority({ issuer: 'https://another' }),
  })),
  row(
    'lets a legacy token have an issuer of its own',
    legacyToken(),
    () => ({ ...notAsked, authority: authority({ issuer: 'https://another' }) }),
    'legacy_token',
  ),
  row(
    'sees an audience that the spec does not ask for',
    healthy,
    inPod({
      projections: [
        { ...defaultProjection, volume: 'vault-token', path: 'vault-token', audience: 'another' },
      ],
    }),
    'audience_mismatch',
  ),
  row(
    'sees an audience that the API server does not accept',
    defaultToken,
    (one) => ({
      ...inPod({ projections: [defaultProjection] })(one),
      authority: authority({ audiences: ['another'] }),
    }),
    'audience_mismatch',
  ),
  row(
    'takes a volume of the default name for a default token while the spec is not known',
    defaultToken,
    () => ({ pods: undefined, authority: authority({ audiences: ['another'] }) }),
    'audience_mismatch',
  ),
  row('hears a refusal that nothing explains', healthy, refused('invalidated'), 'token_refused'),
  row(
    'hears why a legacy token is refused',
    legacyToken(),
    refused('invalidated'),
    'legacy_secret_missing',
    'legacy_token',
  ),
  row(
    'explains a refusal by the account',
    healthy,
    (one) => ({ ...accounts(), ...refused('account_deleted')(one) }),
    'service_account_missing',
  ),
  row(
    'explains a refusal by the key',
    healthy,
    (one) => ({ ...refused('unknown_key')(one), authority: authority({ keyIds: new Set() }) }),
    'signing_key_unknown',
  ),
  {
    ...row('explains a refusal by the expiry', healthy, refused('expired'), 'expired', 'rotation_overdue'),
    after: 60 * MINUTE,
  },
  row('lets a pod go that terminates', healthy, (one) => ({
    ...allWrong(one),
    ...inPod({ isTerminating: true })(one),
  })),
  row('lets a pod go that ended well', healthy, (one) => ({
    ...allWrong(one),
    ...inPod({ phase: 'Succeeded' })(one),
  })),
  row('lets a pod go that ended badly', healthy, (one) => ({
    ...allWrong(one),
    ...inPod({ phase: 'Failed' })(one),
  })),
  row('lets a pod go that the API server no longer has', healthy, (one) => ({
    ...allWrong(one),
    pods: new Map(),
  })),
];
