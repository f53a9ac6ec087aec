/**
 * Keeps what the API server publishes of its keys: asked for now and then, and when a token names a key that is not
 * among them.
 *
 * Knows nothing of signatures.
 */
import type { KeyObject } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Authority, ResourceState } from '../../core/cluster-facts.ts';
import type { EpochSeconds, Token } from '../../core/token.ts';
import { type Clock, createAlarm } from '../../util/clock.ts';
import type { Api } from './api.ts';
import { createHealth, type Listener, STARTING } from './health.ts';
import { askForPublication, NOTHING_PUBLISHED, type Publication, samePublication } from './oidc-discovery.ts';

export interface KeySearch {
  /** `named`: ids that tokens name. Answers whether one is new and not published. */
  readonly look: (named: ReadonlySet<string>) => boolean;
  /** An answer came. */
  readonly settle: (published: ReadonlySet<string>) => void;
  /** How long to wait from the last question to the next. */
  readonly pauseMs: () => number;
}

const LEAST_PAUSE_MS = 60_000;
const USUAL_PAUSE_MS = 30 * LEAST_PAUSE_MS;

export function createKeySearch(): KeySearch {
  let known: ReadonlySet<string> = new Set();
  let missing: ReadonlySet<string> = new Set();
  /** Answers that left a key missing, since one was first seen. */
  let searches = 0;

  const look = (named: ReadonlySet<string>): boolean => {
    const before = missing;
    missing = named.difference(known);
    if (missing.isSubsetOf(before)) return false;
    searches = 0;
    return true;
  };

  const settle = (published: ReadonlySet<string>): void => {
    known = published;
    missing = missing.difference(published);
    searches += 1;
  };

  const pauseMs = (): number => {
    if (missing.size === 0) return USUAL_PAUSE_MS;
    return Math.min(LEAST_PAUSE_MS * 2 ** Math.max(0, searches - 1), USUAL_PAUSE_MS);
  };
  return { look, settle, pauseMs };
}

export interface KeysOptions {
  readonly api: Api;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly listener: Listener;
  /** Audiences of the agent's own token, which is for the API server; undefined where they are not known. */
  readonly ownAudiences: () => readonly string[] | undefined;
}

export interface Keys {
  /** Runs until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** The tokens there are: one that names a key or an issuer which is not known gives reason to ask. */
  readonly look: (tokens: readonly Token[]) => void;
  /** The same object while nothing is different. Undefined where it is not known. */
  readonly authority: () => Authority | undefined;
  /** By id, the same map while nothing is different. */
  readonly published: () => ReadonlyMap<string, KeyObject>;
  readonly state: () => ResourceState;
}

/** An answer, and when it was asked for. */
interface Answered {
  readonly publication: Publication;
  readonly readAt: EpochSeconds;
  readonly readMs: number;
}

/** Beyond the longest pause between two questions, with room for some that fail. */
const FORGOTTEN_MS = 60 * 60_000;
/** By how much a pause may be longer, so that a fleet's questions do not come together. */
const SPREAD = 1 / 3;
const LONG_AGO = Number.NEGATIVE_INFINITY;

/** The authority by the last answer: the same object while nothing is different. */
function createAuthority(ownAudiences: KeysOptions['ownAudiences']) {
  let latest: Authority | undefined;
  return ({ publication: { issuer, ids }, readAt }: Answered): Authority => {
    const made = { readAt, issuer, keyIds: ids, audiences: ownAudiences() ?? [issuer] };
    if (latest === undefined || !isDeepStrictEqual(latest, made)) latest = made;
    return latest;
  };
}

/** The keys and issuers that tokens name; the issuer of legacy tokens is never published. */
function namesIn(tokens: readonly Token[]): ReadonlySet<string> {
  const names = tokens.map(({ claims: { kind, keyId, issuer } }) => [
    keyId,
    kind === 'legacy' ? undefined : issuer,
  ]);
  return new Set(names.flat().filter((name) => name !== undefined));
}

export function createKeys({ api, clock, random, listener, ownAudiences }: KeysOptions): Keys {
  const health = createHealth({ resource: 'keys', initially: STARTING, random, listener });
  const alarm = createAlarm(clock);
  const search = createKeySearch();
  const authorityBy = createAuthority(ownAudiences);
  let answered: Answered = { publication: NOTHING_PUBLISHED, readAt: 0, readMs: LONG_AGO };
  /** When to ask again after a failure. */
  let retryMs = LONG_AGO;
  /** Of the pause after this answer. */
  let spread = 1;

  const take = (found: Publication, asked: Pick<Answered, 'readAt' | 'readMs'>): void => {
    const before = answered.publication;
    answered = { ...asked, publication: samePublication(before, found) ? before : found };
    search.settle(new Set([...found.ids, found.issuer]));
    health.succeed();
    health.backOff.reset();
    listener.onChange();
  };

  /** Answers how long to wait where it failed. */
  const ask = async (signal: AbortSignal): Promise<number> => {
    // A token is issued in a whole second: one of this second may be newer than the answer.
    const asked = { readAt: Math.floor(clock.now()), readMs: clock.monotonicMs() };
    const answer = await askForPublication(api, signal);
    if (!answer.ok) return health.fail(answer);
    take(answer.value, asked);
    return 0;
  };

  const round = async (signal: AbortSignal): Promise<void> => {
    spread = 1 + random() * SPREAD;
    const waitMs = await ask(signal).catch(health.failBy);
    retryMs = clock.monotonicMs() + waitMs;
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const nextMs = health.state().isUp ? answered.readMs + search.pauseMs() * spread : retryMs;
      const leftMs = nextMs - clock.monotonicMs();
      if (leftMs > 0) await alarm.wait(leftMs, signal);
      else await round(signal);
    }
  };

  const look = (tokens: readonly Token[]): void => {
    if (search.look(namesIn(tokens))) alarm.ring();
  };

  const authority = (): Authority | undefined => {
    const isKnown = clock.monotonicMs() - answered.readMs <= FORGOTTEN_MS;
    return isKnown ? authorityBy(answered) : undefined;
  };
  return { run, look, authority, published: () => answered.publication.keys, state: health.state };
}
