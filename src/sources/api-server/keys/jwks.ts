/**
 * Keeps the API server's issuer and public keys up to date: refreshes them about every half hour, and sooner if a token
 * references a key or an issuer that is not published.
 */
import type { KeyObject } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Authority, ResourceState } from '../../../core/cluster-facts.ts';
import type { EpochSeconds, Token, TokenClaims } from '../../../core/token/token.ts';
import { type Clock, createAlarm } from '../../../util/clock.ts';
import { stable } from '../../../util/stable.ts';
import type { Api } from '../client/api.ts';
import { type ApiServerCallbacks, createHealth, STARTING } from '../health.ts';
import { type Discovery, discover, NOT_DISCOVERED, sameDiscovery } from './oidc-discovery.ts';

/** Decides how soon to refresh. Ids are those of keys, and issuers. */
export interface RefreshSchedule {
  /** Sets the ids that tokens reference. Returns whether one is newly missing from the published ones. */
  readonly setReferenced: (ids: ReadonlySet<string>) => boolean;
  /** Records the ids of a response. */
  readonly setPublished: (ids: ReadonlySet<string>) => void;
  /** From the last successful request to the next one. */
  readonly intervalMs: () => number;
}

const MIN_INTERVAL_MS = 60_000;
const DEFAULT_INTERVAL_MS = 30 * MIN_INTERVAL_MS;

/**
 * While an id is missing, the interval starts at a minute and doubles with each response: the API servers of a cluster
 * may differ for minutes after a key rotation, but a token may also reference a key that was withdrawn for good.
 */
export function createRefreshSchedule(): RefreshSchedule {
  let published: ReadonlySet<string> = new Set();
  let missing: ReadonlySet<string> = new Set();
  /** Responses since an id went missing. */
  let attempts = 0;

  const setReferenced = (ids: ReadonlySet<string>): boolean => {
    const before = missing;
    missing = ids.difference(published);
    if (missing.isSubsetOf(before)) return false;
    attempts = 0;
    return true;
  };

  const setPublished = (ids: ReadonlySet<string>): void => {
    published = ids;
    missing = missing.difference(ids);
    attempts += 1;
  };

  const intervalMs = (): number => {
    if (missing.size === 0) return DEFAULT_INTERVAL_MS;
    return Math.min(MIN_INTERVAL_MS * 2 ** Math.max(0, attempts - 1), DEFAULT_INTERVAL_MS);
  };
  return { setReferenced, setPublished, intervalMs };
}

export interface SigningKeysOptions {
  readonly api: Api;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly callbacks: ApiServerCallbacks;
  /** The exporter's newest token, which is meant for the API server; undefined if it has none. */
  readonly exporterToken: () => TokenClaims | undefined;
  /** The issuer or the keys differ from those of the response before. */
  readonly onKeysChange: () => void;
}

export interface SigningKeys {
  /** Runs until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Sets the tokens whose keys and issuers must be known; a missing one brings the next refresh forward. */
  readonly setTokens: (tokens: readonly Token[]) => void;
  /** The same object until something changes. Undefined before the first response, after a failure, and if no keys are published. */
  readonly authority: () => Authority | undefined;
  /** The public keys by id; the same map until they change. */
  readonly publicKeys: () => ReadonlyMap<string, KeyObject>;
  /**
   * There is a sign that the keys have changed: a rejected request, a rejected key, a connection that was cut. Brings the
   * next refresh forward.
   */
  readonly suspect: () => void;
  readonly state: () => ResourceState;
}

interface Fetched {
  readonly discovery: Discovery;
  /** When the request was sent. */
  readonly readAt: EpochSeconds;
  readonly readMs: number;
}

/** Longer than the longest interval, so that a few refreshes may fail. */
const MAX_AGE_MS = 60 * 60_000;
/** Lengthens each interval by up to a third at random, to spread the requests of a fleet. */
const JITTER = 1 / 3;
const NEVER = Number.NEGATIVE_INFINITY;
/** Spreads the refreshes of a fleet after a sign that all nodes see at once, such as a restart of the API server. */
const SUSPICION_SPREAD_MS = 120_000;
/** While requests are rejected: how soon a token with a new key brings the next one forward. */
const MIN_RETRY_MS = 10_000;

/** The key ids and issuers of the tokens. The issuer of legacy tokens is never published. */
function referencedIds(tokens: readonly Token[]): ReadonlySet<string> {
  const ids = tokens.flatMap(({ claims: { kind, keyId, issuer } }) => [
    keyId,
    kind === 'legacy' ? undefined : issuer,
  ]);
  return new Set(ids.filter((id) => id !== undefined));
}

function authorityOf({ readAt, discovery }: Fetched, exporterToken: TokenClaims | undefined): Authority {
  const { issuer, ids } = discovery;
  // The token of a former issuer has the audiences of that time.
  const current = exporterToken?.issuer === issuer ? exporterToken : undefined;
  const { audiences, issuedAt: audiencesIssuedAt = 0 } = current ?? {};
  return { readAt, issuer, keyIds: ids, audiences, audiencesIssuedAt };
}

interface RefreshTimerOptions extends Pick<SigningKeysOptions, 'clock' | 'random'> {
  readonly schedule: RefreshSchedule;
  readonly state: () => ResourceState;
}

/** When the next refresh is due, in monotonic milliseconds. */
function createRefreshTimer({ clock, random, schedule, state }: RefreshTimerOptions) {
  /** When the last refresh began. */
  let attemptMs = NEVER;
  /** After a failure: when to try again. */
  let retryMs = NEVER;
  /** After a sign that the keys have changed: when to refresh. */
  let suspectedMs: number | undefined;
  /** Factor of the current interval. */
  let jitter = 1;

  const begin = (): void => {
    jitter = 1 + random() * JITTER;
    attemptMs = clock.monotonicMs();
    suspectedMs = undefined;
  };
  const end = (waitMs: number): void => {
    retryMs = clock.monotonicMs() + waitMs;
  };
  /** `readMs`: time of the last successful refresh. */
  const dueMs = (readMs: number): number => {
    if (!state().isUp) return retryMs;
    const scheduledMs = readMs + schedule.intervalMs() * jitter;
    return Math.min(scheduledMs, Math.max(suspectedMs ?? scheduledMs, attemptMs + MIN_INTERVAL_MS));
  };
  const suspect = (): void => {
    if (state().isUp) suspectedMs ??= clock.monotonicMs() + random() * SUSPICION_SPREAD_MS;
  };
  /** There is a token with a new key. While requests are rejected, the exporter's own may be another one. */
  const onNewKey = (): void => {
    const current = state();
    if (current.isUp || current.failure !== 'unauthorized') return;
    retryMs = Math.min(retryMs, Math.max(clock.monotonicMs(), attemptMs + MIN_RETRY_MS));
  };
  return { begin, end, dueMs, suspect, onNewKey };
}

/** The last response. */
function createFetchedStore({ clock, exporterToken, onKeysChange }: SigningKeysOptions) {
  const stableDiscovery = stable(sameDiscovery);
  const stableAuthority = stable<Authority>(isDeepStrictEqual);
  let fetched: Fetched = { discovery: NOT_DISCOVERED, readAt: 0, readMs: NEVER };

  const replace = (next: Fetched): void => {
    const { discovery: before } = fetched;
    fetched = { ...next, discovery: stableDiscovery(next.discovery) };
    if (before !== NOT_DISCOVERED && before !== fetched.discovery) onKeysChange();
  };
  const authority = (): Authority | undefined => {
    const isOld = clock.monotonicMs() - fetched.readMs > MAX_AGE_MS;
    return isOld || fetched.discovery === NOT_DISCOVERED
      ? undefined
      : stableAuthority(authorityOf(fetched, exporterToken()));
  };
  return { replace, authority, publicKeys: () => fetched.discovery.keys, readMs: () => fetched.readMs };
}

export function createSigningKeys(options: SigningKeysOptions): SigningKeys {
  const { api, clock, random, callbacks } = options;
  const health = createHealth({ resource: 'keys', initially: STARTING, random, callbacks });
  const alarm = createAlarm(clock);
  const schedule = createRefreshSchedule();
  const timer = createRefreshTimer({ clock, random, schedule, state: health.state });
  const fetched = createFetchedStore(options);

  /** Returns how long to wait after a failure; 0 after a success. */
  const fetchOnce = async (signal: AbortSignal): Promise<number> => {
    // Issue times are whole seconds, so a token issued in the current second may be newer than the response.
    const sent = { readAt: Math.floor(clock.now()), readMs: clock.monotonicMs() };
    const found = await discover(api, signal, () => callbacks.onDropped('keys', 'malformed', ''));
    const isPublished = found.ok || found.error.failure !== 'not_published';
    if (!found.ok && isPublished) return health.recordFailure(found.error);
    const discovery = found.ok ? found.value : NOT_DISCOVERED;
    fetched.replace({ ...sent, discovery });
    schedule.setPublished(new Set([...discovery.ids, discovery.issuer]));
    if (isPublished) health.recordSuccess();
    else health.recordNotPublished();
    health.backOff.reset();
    callbacks.onChange();
    return 0;
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const leftMs = timer.dueMs(fetched.readMs()) - clock.monotonicMs();
      if (leftMs > 0) {
        await alarm.wait(leftMs, signal);
        continue;
      }
      timer.begin();
      timer.end(await fetchOnce(signal).catch(health.recordThrown));
    }
  };

  const setTokens = (tokens: readonly Token[]): void => {
    if (!schedule.setReferenced(referencedIds(tokens))) return;
    timer.onNewKey();
    alarm.ring();
  };
  const suspect = (): void => {
    timer.suspect();
    alarm.ring();
  };
  const { publicKeys } = fetched;
  /** A request that failed may be the first sign of another API server, with other keys. */
  const authority = (): Authority | undefined => (health.state().isUp ? fetched.authority() : undefined);
  return { run, setTokens, authority, publicKeys, suspect, state: health.state };
}
