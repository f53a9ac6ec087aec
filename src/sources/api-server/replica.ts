/**
 * One resource as we know it: its objects trimmed, and the version they are of.
 *
 * Takes whole lists and events one by one, all untrusted: throws an AnswerError at what is not of the form it must
 * have. Knows nothing of requests or of time.
 */
import { isDeepStrictEqual } from 'node:util';
import { type JsonObject, object } from '../../util/json.ts';
import { AnswerError, statusFailure } from './failures.ts';

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

export interface Trimmed<T> {
  readonly key: string;
  readonly value: T;
}

export interface ReplicaOptions<T> {
  /** Of each object, as the API names it: `Pod`, listed as `PodList`. */
  readonly kind: string;
  /** More than these are too many to hold. */
  readonly maxObjects: number;
  /** What is kept of an object; undefined where it is not of the form it must have. */
  readonly trim: (thing: JsonObject) => Trimmed<T> | undefined;
}

/** A list on its way in; until it is finished, what was known stays. */
export interface Listing {
  readonly take: (item: unknown) => void;
  /** `frame`: the list without its objects. Answers whether anything is different. */
  readonly finish: (frame: JsonObject) => boolean;
}

export interface Replica<T> {
  /** Undefined where only a new list can tell what is there. */
  readonly version: () => string | undefined;
  readonly forgetVersion: () => void;
  readonly startList: () => Listing;
  /** `gone`: what happened since our version is not known any more. */
  readonly takeEvent: (event: unknown) => 'same' | 'different' | 'gone';
  /** The same object while nothing is different. */
  readonly objects: () => ReadonlyMap<string, T>;
}

const GONE = 410;

function versionOf(thing: JsonObject): string {
  const version = object(thing['metadata'])?.['resourceVersion'];
  if (typeof version === 'string' && version !== '') return version;
  throw new AnswerError('bad_answer');
}

/** What an event of type ERROR holds: the status that a request would have got. */
function takeError({ code }: JsonObject): 'gone' {
  if (code === GONE) return 'gone';
  throw new AnswerError((typeof code === 'number' ? statusFailure(code) : undefined) ?? 'bad_answer');
}

export function createReplica<T>({ kind, maxObjects, trim }: ReplicaOptions<T>): Replica<T> {
  const store = createStore<T>(maxObjects);
  let version: string | undefined;

  const trimmed = (thing: JsonObject | undefined): Trimmed<T> => {
    const kept = thing === undefined ? undefined : trim(thing);
    if (kept === undefined) throw new AnswerError('bad_answer');
    return kept;
  };

  const startList = (): Listing => {
    const found = new Map<string, T>();
    const take = (item: unknown): void => {
      if (found.size >= maxObjects) throw new AnswerError('too_large');
      const { key, value } = trimmed(object(item));
      found.set(key, value);
    };
    const finish = (frame: JsonObject): boolean => {
      const isPart = Boolean(object(frame['metadata'])?.['continue']);
      if (frame['kind'] !== `${kind}List` || isPart) throw new AnswerError('bad_answer');
      version = versionOf(frame);
      return store.replace(found);
    };
    return { take, finish };
  };

  const apply = (type: unknown, thing: JsonObject): boolean => {
    if (type === 'BOOKMARK') return false;
    const { key, value } = trimmed(thing);
    if (type === 'ADDED' || type === 'MODIFIED') return store.put(key, value);
    if (type === 'DELETED') return store.remove(key);
    throw new AnswerError('bad_answer');
  };

  const takeEvent = (event: unknown): 'same' | 'different' | 'gone' => {
    const { type, object: value } = object(event) ?? {};
    const thing = object(value);
    if (thing === undefined) throw new AnswerError('bad_answer');
    if (type === 'ERROR') return takeError(thing);
    if (thing['kind'] !== kind) throw new AnswerError('bad_answer');
    const at = versionOf(thing);
    const isDifferent = apply(type, thing);
    version = at;
    return isDifferent ? 'different' : 'same';
  };

  const forgetVersion = (): void => {
    version = undefined;
  };
  return { version: () => version, forgetVersion, startList, takeEvent, objects: store.objects };
}
