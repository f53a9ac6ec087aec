/**
 * Tokens that the simulated API server rejects, with the messages of a real one.
 */
import { describe, it } from 'mocha';
import type { TokenProjection } from '../../../simulator/objects.ts';
import { NOW, withApi } from './client.ts';
import { API, assertRejected, recreateAccount, review, type Stage, stage } from './reviews.ts';

interface Claims {
  readonly 'kubernetes.io': object;
}

interface Rejection {
  readonly it: string;
  readonly projection?: Partial<TokenProjection>;
  readonly after?: number;
  readonly change?: (stage: Stage) => void;
  /** Replaces the token. */
  readonly shown?: (token: string, stage: Stage) => string;
  /** The part of the message after "invalid bearer token, ". */
  readonly message: string | RegExp | undefined;
}

function changed(token: string, part: number, change: (text: string) => string): string {
  return token
    .split('.')
    .map((text, index) => (index === part ? change(text) : text))
    .join('.');
}

function rewritten(text: string, overrides: object): string {
  const object = JSON.parse(Buffer.from(text, 'base64url').toString()) as object;
  return Buffer.from(JSON.stringify({ ...object, ...overrides })).toString('base64url');
}

/** A token with some claims changed and a valid signature. */
const signed =
  (overrides: (claims: Claims) => object) =>
  (token: string, { cluster }: Stage): string => {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims;
    return cluster.keys()[0]?.sign({ ...claims, ...overrides(claims) }) ?? '';
  };

const boundTo =
  (binding: object) =>
  (claims: Claims): object => ({
    'kubernetes.io': { ...claims['kubernetes.io'], ...binding },
  });

const REJECTIONS: readonly Rejection[] = [
  {
    it: 'a token for another audience',
    projection: { audience: 'vault' },
    message: `token audiences ["vault"] is invalid for the target audiences ["${API}"]`,
  },
  {
    it: 'an expired token for another audience with the message about the audience',
    projection: { audience: 'vault' },
    after: 700,
    message: `token audiences ["vault"] is invalid for the target audiences ["${API}"]`,
  },
  {
    it: 'a token 61 s after its expiration',
    after: 661,
    message: 'service account token has expired',
  },
  {
    it: 'a token more than 60 s before its start',
    after: -61,
    message: 'service account token is not valid yet',
  },
  {
    it: 'a token of a deleted service account',
    change: ({ cluster }) => cluster.deleteServiceAccount('default', 'app'),
    message: 'serviceaccounts "app" not found',
  },
  {
    it: 'a token of a recreated service account',
    change: ({ cluster }) => recreateAccount(cluster),
    message: /^service account UID \([0-9a-f-]{36}\) does not match claim \([0-9a-f-]{36}\)$/,
  },
  {
    it: 'a token of a deleted pod',
    change: ({ cluster }) => cluster.deletePod('default', 'web'),
    message: 'service account token has been invalidated',
  },
  {
    it: 'a token of a replaced pod with the same name',
    change: ({ cluster, pod }) =>
      void cluster.setPod({ ...pod, metadata: { ...pod.metadata, uid: 'other' } }),
    message: /^pod UID \(other\) does not match service account pod ref claim \([0-9a-f-]{36}\)$/,
  },
  {
    it: 'a token of a pod 61 s after its deletion time',
    after: 61,
    change: ({ cluster, pod }) =>
      void cluster.setPod({
        ...pod,
        metadata: { ...pod.metadata, deletionTimestamp: '2026-11-18T11:06:40Z' },
      }),
    message: 'service account token has been invalidated',
  },
  {
    it: 'a valid token with an issue time in the future',
    shown: signed(() => ({ iat: NOW + 61 })),
    message: 'service account token is issued in the future',
  },
  {
    it: 'a token of a service account 61 s after its deletion time',
    after: 61,
    change: ({ cluster }) => {
      const account = cluster.createServiceAccount('default', 'app');
      const metadata = { ...account.metadata, deletionTimestamp: '2026-11-18T11:06:40Z' };
      cluster.addServiceAccount({ ...account, metadata });
    },
    message: 'service account default/app has been deleted',
  },
  {
    it: 'a token bound to a Secret that does not exist',
    shown: signed(boundTo({ secret: { name: 'gone', uid: 'gone' } })),
    message: 'service account token has been invalidated',
  },
  {
    it: 'a token bound to a replaced Secret with the same name',
    change: ({ cluster }) => void cluster.createLegacySecret('default', 'held', 'app'),
    shown: signed(boundTo({ secret: { name: 'held', uid: 'before' } })),
    message: /^secret UID \([0-9a-f-]{36}\) does not match service account secret ref claim \(before\)$/,
  },
  {
    it: 'a legacy token that the cleaner marked invalid',
    change: ({ cluster }) => {
      const secret = cluster.createLegacySecret('default', 'held', 'app');
      const labels = { 'kubernetes.io/legacy-token-invalid-since': '2026-11-18' };
      cluster.addSecret({ ...secret, metadata: { ...secret.metadata, labels } });
    },
    shown: (_, { cluster }) => cluster.secret('default', 'held')?.data['token'] ?? '',
    message:
      /^the token in secret default\/held for service account default\/app has been marked invalid\. .*'kubernetes\.io\/legacy-token-invalid-since' label/,
  },
  {
    it: 'a token with an altered signature',
    shown: (token) => changed(token, 2, (text) => `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`),
    message: 'go-jose/go-jose: error in cryptographic primitive',
  },
  {
    it: 'a token with altered claims',
    shown: (token) => changed(token, 1, (text) => rewritten(text, { exp: 4_000_000_000 })),
    message: 'go-jose/go-jose: error in cryptographic primitive',
  },
  {
    it: 'a token without a key ID and with an altered header',
    shown: (token) => changed(token, 0, (text) => rewritten(text, { kid: undefined })),
    message: 'go-jose/go-jose: error in cryptographic primitive',
  },
  {
    it: 'a token signed with a withdrawn key',
    change: ({ cluster }) => cluster.changeKey(false),
    message: 'invalid signature, no keys found',
  },
  {
    it: 'a token from another issuer',
    change: ({ cluster }) => cluster.changeIssuer('https://elsewhere'),
    message: undefined,
  },
  { it: 'a string that is not a JWT', shown: () => 'not.a-token', message: undefined },
  {
    it: 'a token with the algorithm none',
    shown: (token) => changed(token, 0, (text) => rewritten(text, { alg: 'none' })),
    message: undefined,
  },
];

describe('the TokenReview endpoint of the simulated API server', () => {
  for (const { it: title, projection, after = 0, change, shown, message } of REJECTIONS) {
    it(
      `rejects ${title}`,
      withApi(async (t) => {
        const staged = stage(t, projection);
        change?.(staged);
        t.clock.advance(after);
        assertRejected(await review(t, shown?.(staged.token, staged) ?? staged.token), message);
      }),
    );
  }
});
