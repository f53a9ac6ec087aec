/**
 * The pods of the node: the folder that holds their folders, listed and watched.
 *
 * Knows nothing of what is in a pod's folder.
 */
import type { Unreadable } from '../../core/observation.ts';
import { createCachedList, type Entry, type Listing } from './directory.ts';
import { unreadableAt } from './failures.ts';
import { join } from './paths.ts';
import { createPod, type Pod, type PodOptions } from './pod.ts';
import { createWatch } from './watch.ts';

export interface PodsOptions extends Omit<PodOptions, 'uid' | 'folder'> {
  /** The kubelet's root folder, the one that holds `pods`. */
  readonly rootDir: string;
}

export interface Pods {
  /** Lists the folder of pods; answers whether it could be listed. */
  readonly find: () => boolean;
  /** Whether an event has given reason to list it. */
  readonly isNudged: () => boolean;
  readonly all: () => readonly Pod[];
  /** What could not be read beside the pods' own objects. */
  readonly unreadable: () => readonly Unreadable[];
  readonly close: () => void;
}

type PodsByUid = Map<string, Pod>;

function isFolder({ kind }: Entry): boolean {
  return kind === 'directory';
}

/** What the listing of the folder of pods says could not be read. */
function unreadableOf(listing: Listing): readonly Unreadable[] {
  if (!listing.ok) return [unreadableAt({}, listing)];
  const others = listing.entries.filter((entry) => !isFolder(entry));
  return others.map(({ name }) => {
    return unreadableAt({ podUid: name }, { reason: 'not_a_directory', detail: 'not a folder' });
  });
}

function removeOthers(pods: PodsByUid, uids: ReadonlySet<string>): boolean {
  const gone = [...pods].filter(([uid]) => !uids.has(uid));
  for (const [uid, pod] of gone) {
    pod.close();
    pods.delete(uid);
  }
  return gone.length > 0;
}

/** Makes `pods` those of the entries; answers whether they were others. */
function adopt(pods: PodsByUid, entries: readonly Entry[], make: (entry: Entry) => Pod): boolean {
  const folders = entries.filter(isFolder);
  const isLess = removeOthers(pods, new Set(folders.map(({ name }) => name)));
  const added = folders.filter(({ name }) => !pods.has(name));
  for (const entry of added) pods.set(entry.name, make(entry));
  return isLess || added.length > 0;
}

export function createPods(options: PodsOptions): Pods {
  const { rootDir, watches, now, onNudge, onReadFailure } = options;
  const path = join(rootDir, 'pods');
  /** The dot follows a link: where the kubelet's folders lie is the administrator's choice. */
  const folder = join(path, '.');
  const list = createCachedList(folder);
  const pods: PodsByUid = new Map();
  let unreadable: readonly Unreadable[] = [];
  let isNudged = false;

  const watch = createWatch({
    folder,
    name: undefined,
    onChange: () => {
      isNudged = true;
      onNudge();
    },
    onDeaf: () => void find(),
  });
  const make = ({ name, raw }: Entry): Pod => createPod({ ...options, uid: name, folder: join(path, raw) });

  const find = (): boolean => {
    isNudged = false;
    const isJustLaid = watches.open(watch);
    const listing = list(now() * 1_000);
    unreadable = unreadableOf(listing);
    for (const { reason } of unreadable) onReadFailure(reason);
    const isListed = listing.ok || listing.reason === 'vanished';
    const isChanged = isListed && adopt(pods, listing.ok ? listing.entries : [], make);
    watches.looked(watch, isChanged && !isJustLaid);
    return listing.ok;
  };

  const all = () => [...pods.values()];
  const close = (): void => {
    watches.close(watch);
    removeOthers(pods, new Set());
  };
  return { find, isNudged: () => isNudged, all, unreadable: () => unreadable, close };
}
