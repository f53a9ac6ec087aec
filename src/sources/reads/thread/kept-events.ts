/**
 * The events of a folder that are kept until the next drain, as many as a few visits of the kubelet have.
 *
 * Opens and closes alternate and are not merged by the kernel: of a folder with more events than that, only opens are watched.
 */
import type { ReadEvent } from '../../../core/reads/read-event.ts';
import { IN, type InotifyEvent } from './inotify-events.ts';
import { type Folder, remove, type WatchedFolder, type WatchedFolders } from './watched-folders.ts';

export const VOLUME_OPENED: ReadEvent = { kind: 'volume_opened', name: '' };
const FOLDER_OPENED: ReadEvent = { kind: 'folder_opened', name: '' };

/** What a drain keeps of one folder: several visits of the kubelet, which opens and closes each file once. */
function limitOf({ files }: Folder): number {
  return 128 + 8 * files;
}

/** Equal events of one drain are the same object, so that a report has it once. */
export function createEventOf() {
  const opened = new Map<string, ReadEvent>();
  const closed = new Map<string, ReadEvent>();
  const fileEvent = (name: string, isOpen: boolean): ReadEvent => {
    const events = isOpen ? opened : closed;
    const known = events.get(name);
    if (known !== undefined) return known;
    const event: ReadEvent = { kind: isOpen ? 'opened' : 'closed', name };
    events.set(name, event);
    return event;
  };
  /** Undefined for events of folders in the folder. */
  const eventOf = ({ mask, name }: InotifyEvent): ReadEvent | undefined => {
    const isOpen = (mask & IN.open) !== 0;
    if ((mask & IN.isDirectory) !== 0) return name === '' && isOpen ? FOLDER_OPENED : undefined;
    return isOpen || (mask & IN.closeNoWrite) !== 0 ? fileEvent(name, isOpen) : undefined;
  };
  return eventOf;
}

export type EventOf = ReturnType<typeof createEventOf>;

/** The folder has had more events than a drain keeps. */
function slowDown(state: WatchedFolders, watch: number, { folder, isRemoved }: WatchedFolder): void {
  const { inotify, busy, tooBusy } = state;
  // The folder would be watched again.
  if (isRemoved) return;
  if (busy.has(folder.key)) {
    tooBusy.add(folder.key);
    remove(state, watch);
    return;
  }
  busy.add(folder.key);
  inotify.add(folder.path, IN.open);
}

export function keep(state: WatchedFolders, watch: number, found: WatchedFolder, event: ReadEvent): void {
  state.touched.add(watch);
  if (found.events.length < limitOf(found.folder)) found.events.push(event);
  else if (!found.isLossy) {
    found.isLossy = true;
    slowDown(state, watch, found);
  }
}
