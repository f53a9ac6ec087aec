/**
 * The pods of the node: their directories, listed and watched.
 */
import type { PodFacts } from '../../../core/cluster-facts.ts';
import type { Unreadable } from '../../../core/observation.ts';
import { createCachedListing, type Entry, type Listing } from '../directory.ts';
import { NOT_A_DIRECTORY, unreadable } from '../failures.ts';
import { namedInPod } from '../named-paths.ts';
import { join } from '../paths.ts';
import { createWatch } from '../watch.ts';
import { createPod, type Pod, type PodOptions } from './pod.ts';
import { createPodsRoot, type OpenListener } from './pods-root.ts';

export interface PodsOptions extends Omit<PodOptions, 'uid' | 'directory' | 'root'> {
  /** The kubelet's root directory, which contains `pods`. */
  readonly rootDir: string;
  readonly opens?: OpenListener | undefined;
}

export interface Pods {
  /** Lists the pods. Returns whether the listing succeeded. */
  readonly list: () => boolean;
  /** Whether an event came since the last listing. */
  readonly isNudged: () => boolean;
  readonly all: () => readonly Pod[];
  /** Sets the pods of the API server, by uid; undefined if they are not known. */
  readonly setSpecs: (specs: ReadonlyMap<string, PodFacts> | undefined) => void;
  /** Unreadable objects that do not belong to a pod's directory. */
  readonly unreadable: () => readonly Unreadable[];
  readonly close: () => void;
}

type PodsByUid = Map<string, Pod>;

function isDirectory({ kind }: Entry): boolean {
  return kind === 'directory';
}

function unreadableOf(listing: Listing, rootDir: string): readonly Unreadable[] {
  if (!listing.ok) {
    const { reason, detail } = listing.error;
    return [unreadable({}, { reason, detail: `${rootDir}/pods: ${detail}; check --kubelet.root-dir` })];
  }
  const others = listing.value.filter((entry) => !isDirectory(entry));
  return others.map(({ name }) => unreadable({ podUid: name }, NOT_A_DIRECTORY));
}

function removeOtherPods(pods: PodsByUid, uids: ReadonlySet<string>): boolean {
  const gone = [...pods].filter(([uid]) => !uids.has(uid));
  for (const [uid, pod] of gone) {
    pod.close();
    pods.delete(uid);
  }
  return gone.length > 0;
}

/** Makes `pods` those of the entries. Returns whether any was added or removed. */
function syncPods(pods: PodsByUid, entries: readonly Entry[], create: (entry: Entry) => Pod): boolean {
  const directories = entries.filter(isDirectory);
  const isAnyGone = removeOtherPods(pods, new Set(directories.map(({ name }) => name)));
  const added = directories.filter(({ name }) => !pods.has(name));
  for (const entry of added) pods.set(entry.name, create(entry));
  return isAnyGone || added.length > 0;
}

/** Passes the specs of pods on to them. */
function createSpecs(pods: PodsByUid) {
  let specs: ReadonlyMap<string, PodFacts> | undefined;
  const known = new WeakMap<PodFacts, ReturnType<typeof namedInPod>>();
  const apply = (uid: string, pod: Pod): void => {
    const spec = specs?.get(uid);
    if (spec === undefined) return;
    const named = known.get(spec) ?? namedInPod(spec);
    known.set(spec, named);
    pod.setNamed(named);
  };
  const set: Pods['setSpecs'] = (next) => {
    if (next === specs) return;
    specs = next;
    for (const [uid, pod] of pods) apply(uid, pod);
  };
  return { set, apply };
}

export function createPods(options: PodsOptions): Pods {
  const { rootDir, watches, now, onNudge, onReadFailure } = options;
  const path = `${rootDir}/pods`;
  const root = createPodsRoot(path, options.opens);
  /** The dot follows a link: administrators may move the kubelet's directories. */
  const directory = join(path, '.');
  const listing = createCachedListing(directory);
  const pods: PodsByUid = new Map();
  let unlisted: readonly Unreadable[] = [];
  /** What `pods` and `unlisted` were made of. */
  let applied: Listing | undefined;
  const specs = createSpecs(pods);
  let isNudged = false;

  const watch = createWatch({
    directory,
    name: undefined,
    onChange: () => {
      isNudged = true;
      onNudge();
    },
    onStale: () => void list(),
  });
  const create = ({ name, raw }: Entry): Pod => {
    const pod = createPod({ ...options, uid: name, directory: join(path, raw), root });
    specs.apply(name, pod);
    return pod;
  };

  /** Returns whether any pod was added or removed. */
  const apply = (listed: Listing): boolean => {
    if (listed === applied) return false;
    applied = listed;
    unlisted = unreadableOf(listed, rootDir);
    const isKnown = listed.ok || listed.error.reason === 'vanished';
    return isKnown && syncPods(pods, listed.ok ? listed.value : [], create);
  };

  const list = (): boolean => {
    isNudged = false;
    const isNewWatch = watches.open(watch);
    const listed = listing(now() * 1_000);
    const foundChange = apply(listed);
    for (const { reason } of unlisted) onReadFailure(reason);
    watches.confirm(watch, foundChange && !isNewWatch);
    return listed.ok;
  };

  const all = () => [...pods.values()];
  const close = (): void => {
    watches.close(watch);
    removeOtherPods(pods, new Set());
  };
  return { list, isNudged: () => isNudged, all, setSpecs: specs.set, unreadable: () => unlisted, close };
}
