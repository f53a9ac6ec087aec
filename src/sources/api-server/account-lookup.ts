/**
 * Looks up the service accounts of one node's tokens, for a single scan: a list of all in the cluster would be megabytes.
 *
 * Requests one list per namespace, because the exporter may list service accounts but not get them.
 */
import type { AccountFacts, ResourceState } from '../../core/cluster-facts.ts';
import { type Clock, createAlarm } from '../../util/clock.ts';
import type { Api } from './client/api.ts';
import { type ApiServerCallbacks, createHealth, type Health, STARTING } from './health.ts';
import { reportDropped } from './reflector.ts';
import { createReplica, type Replica } from './replica.ts';
import { ACCOUNTS_PATH, MAX_ACCOUNTS, trimAccount } from './resources.ts';

/** By `namespace/name`. */
export type AccountKeys = ReadonlySet<string>;

export interface AccountLookupOptions {
  readonly api: Api;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly callbacks: ApiServerCallbacks;
}

export interface AccountLookup {
  /** Runs until the signal aborts. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** `wanted`: what to look up. `others` stay unknown. */
  readonly setTargets: (wanted: AccountKeys, others: AccountKeys) => void;
  /** The service accounts that exist; undefined before the first response. */
  readonly objects: () => ReadonlyMap<string, AccountFacts> | undefined;
  /** Those that were not looked up, or could not be read. */
  readonly unreadable: () => AccountKeys;
  /** Undefined: a response is not older than the scan. */
  readonly lostAt: () => undefined;
  /** `starting` until everything is looked up. */
  readonly state: () => ResourceState;
}

/** With more namespaces, one list of the whole cluster is cheaper. */
const MAX_NAMESPACES = 64;
/** Until `setTargets` rings the alarm. */
const IDLE_MS = 3_600_000;

function split(key: string): { readonly namespace: string; readonly name: string } {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}

interface Lookup {
  readonly path: string;
  readonly keys: readonly string[];
}

function lookupOfAll(keys: readonly string[]): Lookup {
  return { path: `${ACCOUNTS_PATH}?resourceVersion=0`, keys };
}

/** One list for each namespace, restricted to one account if no other is wanted. */
export function lookupsOf(keys: AccountKeys): readonly Lookup[] {
  const byNamespace = Map.groupBy(keys, (key) => split(key).namespace);
  if (byNamespace.size > MAX_NAMESPACES) return [lookupOfAll([...keys])];
  return Array.from(byNamespace, ([namespace, all]) => {
    const [only = ''] = all;
    const selector = all.length === 1 ? { fieldSelector: `metadata.name=${split(only).name}` } : {};
    const query = new URLSearchParams({ ...selector, resourceVersion: '0' }).toString();
    return {
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts?${query}`,
      keys: all,
    };
  });
}

/** What was found so far. */
function createFindings() {
  const read = new Set<string>();
  let found: ReadonlyMap<string, AccountFacts> | undefined;
  let odd: AccountKeys = new Set();
  const add = (keys: readonly string[], { objects, unreadable }: Replica<AccountFacts>): void => {
    for (const key of keys) read.add(key);
    found = new Map([...(found ?? []), ...objects()]);
    odd = odd.union(unreadable());
  };
  return { add, objects: () => found, unreadable: (all: AccountKeys) => odd.union(all.difference(read)) };
}

interface Parts extends Pick<AccountLookupOptions, 'api' | 'callbacks'> {
  readonly health: Health;
  readonly findings: ReturnType<typeof createFindings>;
}

/** Returns a function that requests one list. Its result is whether that succeeded; it never rejects. */
function createLookUp({ api, callbacks, health, findings }: Parts) {
  const options = {
    kind: 'ServiceAccount',
    maxObjects: MAX_ACCOUNTS,
    trim: trimAccount,
    onDropped: reportDropped({ resource: 'serviceaccounts', callbacks }),
  };
  return async ({ path, keys }: Lookup, signal: AbortSignal): Promise<boolean> => {
    const replica = createReplica(options);
    const listing = replica.startList();
    try {
      const frame = await api.list({ resource: 'serviceaccounts', path, signal }, listing.add);
      if (!frame.ok) health.recordFailure(frame.error);
      else {
        listing.finish(frame.value);
        findings.add(keys, replica);
      }
      return frame.ok;
    } catch (error) {
      health.recordThrown(error);
      return false;
    }
  };
}

export function createAccountLookup(options: AccountLookupOptions): AccountLookup {
  const health = createHealth({ ...options, resource: 'serviceaccounts', initially: STARTING });
  const alarm = createAlarm(options.clock);
  const findings = createFindings();
  const lookUp = createLookUp({ ...options, health, findings });
  let wanted: AccountKeys = new Set();
  let others: AccountKeys = new Set();
  /** A lookup that fails is not repeated: the scan ends soon. */
  let tried: AccountKeys = new Set();
  let running = 0;

  const lookUpAll = async (keys: AccountKeys, signal: AbortSignal): Promise<void> => {
    running += 1;
    const lookups = lookupsOf(keys);
    const succeeded = await Promise.all(lookups.map((one) => lookUp(one, signal)));
    const failed = lookups.filter((_one, index) => succeeded[index] !== true).flatMap((one) => one.keys);
    // A proxy may admit only the paths that `serve` requests.
    if (failed.length === 0 || (await lookUp(lookupOfAll(failed), signal))) health.recordSuccess();
    running -= 1;
    options.callbacks.onChange();
  };
  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const next = wanted.difference(tried);
      tried = tried.union(next);
      if (next.size === 0) await alarm.wait(IDLE_MS, signal);
      else await lookUpAll(next, signal);
    }
  };

  const setTargets: AccountLookup['setTargets'] = (keys, rest) => {
    [wanted, others] = [keys, rest];
    if (keys.size === 0 && health.state() === STARTING) health.recordSuccess();
    alarm.ring();
  };
  const state = (): ResourceState => {
    const isPending = running > 0 || !wanted.isSubsetOf(tried);
    return isPending ? STARTING : health.state();
  };
  const unreadable = (): AccountKeys => findings.unreadable(wanted.union(others));
  return { run, setTargets, objects: findings.objects, unreadable, lostAt: () => undefined, state };
}
