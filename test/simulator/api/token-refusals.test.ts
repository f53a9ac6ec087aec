/**
 * The tokens that the simulated API server refuses, in the words of the real one.
 */
import { describe, it } from 'mocha';
import type { TokenProjection } from '../../../simulator/objects.ts';
import { NOW, withApi } from './client.ts';
import { API, assertRefused, createAgain, review, type Stage, stage } from './reviews.ts';

interface Claims {
  readonly 'kubernetes.io': object;
}

/** A token of a pod, and what then happens; the words are those after "invalid bearer token, ". */
interface Refusal {
  readonly it: string;
  readonly projection?: Partial<TokenProjection>;
  readonly after?: number;
  readonly change?: (stage: Stage) => void;
  /** The token that is shown in place of the real one. */
  readonly shown?: (token: string, stage: Stage) => string;
  readonly words: string | RegExp | undefined;
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

/** A token of the same claims but for some, truly signed. */
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

const REFUSALS: readonly Refusal[] = [
  {
    it: 'a token for another audience',
    projection: { audience: 'vault' },
    words: `token audiences ["vault"] is invalid for the target audiences ["${API}"]`,
  },
  {
    it: 'a token for another audience that has expired, for its audience',
    projection: { audience: 'vault' },
    after: 700,
    words: `token audiences ["vault"] is invalid for the target audiences ["${API}"]`,
  },
  {
    it: 'a token a minute and a second past its end',
    after: 661,
    words: 'service account token has expired',
  },
  {
    it: 'a token of more than a minute ahead of time',
    after: -61,
    words: 'service account token is not valid yet',
  },
  {
    it: 'a token of a deleted account',
    change: ({ cluster }) => cluster.deleteServiceAccount('default', 'app'),
    words: 'serviceaccounts "app" not found',
  },
  {
    it: 'a token of an account that was created again',
    change: ({ cluster }) => createAgain(cluster),
    words: /^service account UID \([0-9a-f-]{36}\) does not match claim \([0-9a-f-]{36}\)$/,
  },
  {
    it: 'a token of a deleted pod',
    change: ({ cluster }) => cluster.deletePod('default', 'web'),
    words: 'service account token has been invalidated',
  },
  {
    it: 'a token of a pod whose name another pod has',
    change: ({ cluster, pod }) =>
      void cluster.setPod({ ...pod, metadata: { ...pod.metadata, uid: 'other' } }),
    words: /^pod UID \(other\) does not match service account pod ref claim \([0-9a-f-]{36}\)$/,
  },
  {
    it: 'a token of a pod that should be gone for more than a minute',
    after: 61,
    change: ({ cluster, pod }) =>
      void cluster.setPod({
        ...pod,
        metadata: { ...pod.metadata, deletionTimestamp: '2026-11-18T11:06:40Z' },
      }),
    words: 'service account token has been invalidated',
  },
  {
    it: 'a token that was issued ahead of time, though it is valid',
    shown: signed(() => ({ iat: NOW + 61 })),
    words: 'service account token is issued in the future',
  },
  {
    it: 'a token of an account that should be gone for more than a minute',
    after: 61,
    change: ({ cluster }) => {
      const account = cluster.createServiceAccount('default', 'app');
      const metadata = { ...account.metadata, deletionTimestamp: '2026-11-18T11:06:40Z' };
      cluster.addServiceAccount({ ...account, metadata });
    },
    words: 'service account default/app has been deleted',
  },
  {
    it: 'a token bound to a Secret that is not there',
    shown: signed(boundTo({ secret: { name: 'gone', uid: 'gone' } })),
    words: 'service account token has been invalidated',
  },
  {
    it: 'a token bound to a Secret whose name another has',
    change: ({ cluster }) => void cluster.createLegacySecret('default', 'held', 'app'),
    shown: signed(boundTo({ secret: { name: 'held', uid: 'before' } })),
    words: /^secret UID \([0-9a-f-]{36}\) does not match service account secret ref claim \(before\)$/,
  },
  {
    it: 'a token with another signature',
    shown: (token) => changed(token, 2, (text) => `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`),
    words: 'go-jose/go-jose: error in cryptographic primitive',
  },
  {
    it: 'a token with other claims',
    shown: (token) => changed(token, 1, (text) => rewritten(text, { exp: 4_000_000_000 })),
    words: 'go-jose/go-jose: error in cryptographic primitive',
  },
  {
    it: 'a token without a key id, signed by no key',
    shown: (token) => changed(token, 0, (text) => rewritten(text, { kid: undefined })),
    words: 'go-jose/go-jose: error in cryptographic primitive',
  },
  {
    it: 'a token of a withdrawn key',
    change: ({ cluster }) => cluster.changeKey(false),
    words: 'invalid signature, no keys found',
  },
  {
    it: 'a token of another issuer',
    change: ({ cluster }) => cluster.changeIssuer('https://elsewhere'),
    words: undefined,
  },
  { it: 'no token at all', shown: () => 'not.a-token', words: undefined },
  {
    it: 'a token of an algorithm that nobody may use',
    shown: (token) => changed(token, 0, (text) => rewritten(text, { alg: 'none' })),
    words: undefined,
  },
];

describe('TokenReviews of the simulated API server', () => {
  for (const { it: title, projection, after = 0, change, shown, words } of REFUSALS) {
    it(
      `refuse ${title}`,
      withApi(async (t) => {
        const staged = stage(t, projection);
        change?.(staged);
        t.clock.advance(after);
        assertRefused(await review(t, shown?.(staged.token, staged) ?? staged.token), words);
      }),
    );
  }
});
