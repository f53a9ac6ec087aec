/**
 * Objects by key, with a copy to give away that never changes.
 *
 * Bounded in number. Knows nothing of where the objects come from.
 */
import { isDeepStrictEqual } from 'node:util';
import { AnswerError } from './failures.ts';

export interface Store<T> {
  /** These three answer whether anything is different now. */
  readonly put: (key: string, value: T) => boolean;
  readonly remove: (key: string) => boolean;
  readonly replace: (found: ReadonlyMap<string, T>) => boolean;
  /** All of them: the same map while nothing is different. */
  readonly objects: () => ReadonlyMap<string, T>;
}

export function createStore<T>(maxObjects: number): Store<T> {
  const held = new Map<string, T>();
  let copy: ReadonlyMap<string, T> | undefined;

  const noted = (isDifferent: boolean): boolean => {
    if (isDifferent) copy = undefined;
    return isDifferent;
  };
  const put = (key: string, value: T): boolean => {
    const before = held.get(key);
    if (before === undefined && held.size >= maxObjects) throw new AnswerError('too_large');
    // Most of what changes about a pod is nothing that is kept of it.
    if (before !== undefined && isDeepStrictEqual(before, value)) return false;
    held.set(key, value);
    return noted(true);
  };
  const remove = (key: string): boolean => noted(held.delete(key));
  const replace = (found: ReadonlyMap<string, T>): boolean => {
    const removed = [...held.keys()].filter((key) => !found.has(key)).map(remove);
    const differing = [...found].filter(([key, value]) => put(key, value));
    return removed.length > 0 || differing.length > 0;
  };
  const objects = (): ReadonlyMap<string, T> => {
    copy ??= new Map(held);
    return copy;
  };
  return { put, remove, replace, objects };
}
