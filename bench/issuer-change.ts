/**
 * TokenReviews of 5,000 exporters after the issuer of the cluster changes and the former one is still accepted.
 *
 * The restart of the API server cuts all watches at once. The polling of signing keys and the token reviews are real;
 * time and the API server are simulated. Each node has tokens of the former issuer for three audiences.
 */
import { generateKeyPairSync } from 'node:crypto';
import { reviewClassOf } from '../src/core/reviews/review-class.ts';
import { NO_REVIEW_TARGETS } from '../src/core/reviews/review-targets.ts';
import type { Token, TokenClaims } from '../src/core/token/token.ts';
import type { Api } from '../src/sources/api-server/client/api.ts';
import type { ApiServerCallbacks } from '../src/sources/api-server/health.ts';
import { createSigningKeys } from '../src/sources/api-server/keys/jwks.ts';
import { createReviews } from '../src/sources/api-server/reviews.ts';
import { ok } from '../src/util/result.ts';
import { createFleetClock, type FleetClock } from './fleet.ts';
import { report } from './report.ts';

const NODES = 5_000;
const CHANGE_SECOND = 3_600;
/** The duration over which the reviews should be spread. */
const SPREAD_SECONDS = 300;
const END_SECOND = CHANGE_SECOND + 2 * SPREAD_SECONDS;
const FORMER = 'https://former.example';
const AUDIENCES = [FORMER, 'vault', 'sts.example'];

const LATENCY_MS = 100;

const nothing = (): void => undefined;

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEYS = [{ kid: 'a', ...publicKey.export({ format: 'jwk' }) }];

function tokenFor(audience: string): Token {
  const claims: TokenClaims = {
    kind: 'projected',
    algorithm: 'ES256',
    keyId: 'a',
    issuer: FORMER,
    audiences: [audience],
    namespace: 'default',
    serviceAccount: { name: 'default', uid: undefined },
    pod: undefined,
    node: undefined,
    secret: undefined,
    id: undefined,
    issuedAt: 0,
    notBefore: 0,
    expiresAt: CHANGE_SECOND,
    warnAfter: undefined,
  };
  const identity = {
    namespace: 'default',
    pod: 'app',
    podUid: 'app',
    serviceAccount: 'default',
    volume: audience,
    path: 'token',
  };
  const file = { mode: 0o644, uid: 0, gid: 0, modifiedAt: 0 };
  return { identity, volumeKind: 'projected', claims, file, lastRotation: 0 };
}

const TOKENS = AUDIENCES.map(tokenFor);
const TARGETS = {
  ...NO_REVIEW_TARGETS,
  classes: TOKENS.map((token) => ({ key: reviewClassOf(token.claims), tokens: [token] })),
};

interface Cluster {
  readonly api: Api;
  /** Second of each review. */
  readonly reviewed: number[];
  readonly review: () => Promise<ReturnType<typeof accept>>;
  readonly changeIssuer: () => void;
}

function accept() {
  return ok({ isAccepted: true, isForApiServer: true } as const);
}

function createCluster(clock: FleetClock): Cluster {
  const reviewed: number[] = [];
  let issuer = FORMER;
  return {
    api: {
      request: async () => {
        await clock.wait(LATENCY_MS);
        return ok({ issuer, keys: KEYS });
      },
      exists: () => Promise.reject(new Error('not simulated')),
      list: () => Promise.reject(new Error('not simulated')),
      watch: () => Promise.reject(new Error('not simulated')),
    },
    reviewed,
    review: async () => {
      reviewed.push(clock.now());
      return accept();
    },
    changeIssuer: () => {
      issuer = 'https://new.example';
    },
  };
}

/** Starts one exporter. Returns a function that cuts its watches. */
function startExporter(clock: FleetClock, { api, review }: Cluster, signal: AbortSignal): () => void {
  const callbacks: ApiServerCallbacks = {
    // As the source does after each change: tokens of another issuer than the current one need a review.
    onChange: () => reviews.setTargets(keys.authority()?.issuer === FORMER ? NO_REVIEW_TARGETS : TARGETS),
    onFailure: nothing,
    onRecovery: nothing,
    onDropped: nothing,
    onError: (error) => {
      throw error;
    },
  };
  const tools = { clock, random: Math.random, callbacks };
  const reviews = createReviews({
    ...tools,
    callbacks: { ...callbacks, onChange: nothing },
    review,
    requestsPerMinute: 10,
    onUnknownKey: nothing,
  });
  const keys = createSigningKeys({
    ...tools,
    api,
    exporterToken: () => undefined,
    onKeysChange: reviews.clear,
  });
  void keys.run(signal);
  void reviews.run(signal);
  return keys.suspect;
}

function peakPerSecond(times: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const time of times) counts.set(Math.floor(time), (counts.get(Math.floor(time)) ?? 0) + 1);
  return Math.max(...counts.values());
}

export async function runIssuerChange(nodes: number) {
  const clock = createFleetClock();
  const cluster = createCluster(clock);
  const stops = Array.from({ length: nodes }, () => new AbortController());
  const cuts = stops.map(({ signal }) => startExporter(clock, cluster, signal));
  await clock.runTo(CHANGE_SECOND);
  cluster.changeIssuer();
  for (const cut of cuts) cut();
  await clock.runTo(END_SECOND);
  for (const stop of stops) stop.abort();
  return {
    reviewsPerNode: cluster.reviewed.length / nodes,
    lastSecond: Math.max(...cluster.reviewed) - CHANGE_SECOND,
    /** Relative to an even spread. */
    peak: peakPerSecond(cluster.reviewed) / (cluster.reviewed.length / SPREAD_SECONDS),
  };
}

export async function benchIssuerChange(): Promise<boolean> {
  const { reviewsPerNode, lastSecond, peak } = await runIssuerChange(NODES);
  return [
    report({
      what: 'token reviews per node after a change of the issuer',
      value: reviewsPerNode,
      atMost: 3,
      unit: '',
    }),
    report({
      what: 'seconds until the last of them',
      value: lastSecond,
      atMost: SPREAD_SECONDS + 5,
      unit: '',
    }),
    report({
      what: 'peak per second, relative to an even spread over five minutes',
      value: peak,
      atMost: 2.5,
      unit: 'x',
    }),
  ].every(Boolean);
}
