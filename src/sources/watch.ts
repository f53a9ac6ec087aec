/**
 * Watches folders and says when to look again. Events are hints: everything is right without them, only later.
 *
 * A watch sits on a volume's FOLDER and acts on the name `..data`, since a watch on the token goes silent at the
 * first rotation. Knows nothing of tokens. The kernel drops events silently when its queue is full.
 */
import { type FSWatcher, watch } from 'node:fs';
import { failureOf } from './failures.ts';
import type { Path } from './paths.ts';

/** Why watching is slower than it could be. Values of a label: public contract. */
export const WATCH_FAILURES = ['max_user_watches', 'max_user_instances', 'event_lost', 'other'] as const;
export type WatchFailure = (typeof WATCH_FAILURES)[number];

export interface Watches<K> {
  /** Watches a folder under a key, unless it is already; a failure is reported, not thrown. */
  readonly follow: (key: K, folder: Path) => void;
  readonly forget: (key: K) => void;
  readonly has: (key: K) => boolean;
  readonly count: () => number;
  /** Limits were reached: nothing more is tried until `retry`. */
  readonly retry: () => void;
  readonly close: () => void;
}

export interface WatchOptions<K> {
  /** Called with the key and the name that changed in the folder. */
  readonly onChange: (key: K, name: string) => void;
  readonly onFailure: (reason: WatchFailure) => void;
  readonly isEnabled: boolean;
}

const LIMITS = new Map<string, WatchFailure>([
  ['ENOSPC', 'max_user_watches'],
  ['EMFILE', 'max_user_instances'],
  ['ENFILE', 'max_user_instances'],
]);

export function createWatches<K>({ onChange, onFailure, isEnabled }: WatchOptions<K>): Watches<K> {
  const watchers = new Map<K, FSWatcher>();
  let isLimited = false;

  const forget = (key: K): void => {
    watchers.get(key)?.close();
    watchers.delete(key);
  };

  const fail = (key: K, error: unknown): void => {
    forget(key);
    const { reason, detail } = failureOf(error);
    if (reason === 'vanished') return;
    const limit = LIMITS.get(detail);
    isLimited ||= limit !== undefined;
    onFailure(limit ?? 'other');
  };

  const follow = (key: K, folder: Path): void => {
    if (!isEnabled || isLimited || watchers.has(key)) return;
    try {
      const watcher = watch(folder, { persistent: false, encoding: 'utf8' }, (_event, name) => {
        onChange(key, name ?? '');
      });
      watcher.on('error', (error) => fail(key, error));
      watchers.set(key, watcher);
    } catch (error) {
      fail(key, error);
    }
  };

  const retry = (): void => {
    isLimited = false;
  };

  const close = (): void => {
    for (const key of watchers.keys()) forget(key);
  };
  return { follow, forget, has: (key) => watchers.has(key), count: () => watchers.size, retry, close };
}
