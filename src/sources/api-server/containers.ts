/**
 * The containers of a pod, from its spec and its status.
 *
 * A field of the wrong type is dropped and leaves the rest: a container whose state cannot be read does not run, and one
 * whose times cannot be read has none.
 */
import type { PodFacts } from '../../core/cluster-facts.ts';
import type { ContainerFacts, ContainerKind } from '../../core/container-facts.ts';
import { objectName } from '../../core/token/claim-rules.ts';
import type { EpochSeconds } from '../../core/token/token.ts';
import { type JsonObject, object } from '../../util/json.ts';
import { array, objects, optional, time } from './fields.ts';

/** Bounds of the memory that one pod can take, far beyond those in use. */
const MAX_CONTAINERS = 256;
const MAX_VOLUMES = 1_024;

interface ContainerList {
  readonly specs: string;
  readonly statuses: string;
  readonly kind: ContainerKind;
}

const LISTS: readonly ContainerList[] = [
  { specs: 'containers', statuses: 'containerStatuses', kind: 'main' },
  { specs: 'initContainers', statuses: 'initContainerStatuses', kind: 'init' },
  { specs: 'ephemeralContainers', statuses: 'ephemeralContainerStatuses', kind: 'ephemeral' },
];

type Times = Pick<ContainerFacts, 'isRunning' | 'startedAt' | 'finishedAt'>;

/** Runtimes report the zero of their clock for a container that never started. */
function realTime(value: unknown): EpochSeconds | undefined {
  const seconds = time(value);
  return seconds !== undefined && seconds > 0 ? seconds : undefined;
}

/** A container that waits to be restarted has its last run in `lastState`. */
function timesOf(status: JsonObject): Times {
  const state = optional(status, 'state', object) ?? {};
  const running = optional(state, 'running', object);
  if (running !== undefined)
    return { isRunning: true, startedAt: optional(running, 'startedAt', realTime), finishedAt: undefined };
  const last = optional(status, 'lastState', object) ?? {};
  const ended = optional(state, 'terminated', object) ?? optional(last, 'terminated', object) ?? {};
  return {
    isRunning: false,
    startedAt: optional(ended, 'startedAt', realTime),
    finishedAt: optional(ended, 'finishedAt', realTime),
  };
}

/** By name; the first of several with the same one. */
function byName(from: JsonObject, key: string): ReadonlyMap<string, JsonObject> {
  const named = new Map<string, JsonObject>();
  for (const item of optional(from, key, objects) ?? []) {
    const name = optional(item, 'name', objectName);
    if (name !== undefined && !named.has(name)) named.set(name, item);
  }
  return named;
}

function kindOf(kind: ContainerKind, { restartPolicy }: JsonObject): ContainerKind {
  return kind === 'init' && restartPolicy === 'Always' ? 'restartable_init' : kind;
}

function isWhole({ subPath, subPathExpr }: JsonObject): boolean {
  return [subPath, subPathExpr].every((value) => (value ?? '') === '');
}

/** A mount that later mounts on the node reach, or that shows a part of the volume, is not a fixed view of it. */
function isFixed(mount: JsonObject): boolean {
  const { mountPropagation } = mount;
  return isWhole(mount) && ((mountPropagation ?? 'None') === 'None' || mountPropagation === '');
}

/** What it sees of the volumes with tokens. */
function viewsOf(
  spec: JsonObject,
  tokenVolumes: ReadonlySet<string>,
): Pick<ContainerFacts, 'fixedVolumes' | 'copiedVolumes'> {
  const mounts = optional(spec, 'volumeMounts', objects) ?? [];
  const fixed = new Set(mounts.filter(isFixed).map(({ name }) => name));
  const parts = new Set(mounts.filter((mount) => !isWhole(mount)).map(({ name }) => name));
  return {
    fixedVolumes: [...tokenVolumes].filter((name) => fixed.has(name)),
    copiedVolumes: [...tokenVolumes].filter((name) => parts.has(name)),
  };
}

function containersIn(
  { specs, statuses, kind }: ContainerList,
  spec: JsonObject,
  status: JsonObject,
  tokenVolumes: ReadonlySet<string>,
  room: number,
): readonly ContainerFacts[] {
  const [specOf, statusOf] = [byName(spec, specs), byName(status, statuses)];
  const names = [...new Set([...specOf.keys(), ...statusOf.keys()])].slice(0, room);
  return names.map((name) => {
    const container = specOf.get(name) ?? {};
    return {
      name,
      kind: kindOf(kind, container),
      ...timesOf(statusOf.get(name) ?? {}),
      ...viewsOf(container, tokenVolumes),
    };
  });
}

/** An absent list is empty. Undefined for one that is not a list of objects. */
function wholeList(from: JsonObject, key: string): readonly JsonObject[] | undefined {
  if ((from[key] ?? undefined) === undefined) return [];
  const items = optional(from, key, objects);
  return items?.length === optional(from, key, array)?.length ? items : undefined;
}

/** Whether the spec names each container of the list, no two of them alike, and what each of them mounts. */
function areKnown({ specs }: ContainerList, spec: JsonObject): boolean {
  const items = wholeList(spec, specs);
  if (items === undefined || items.length !== byName(spec, specs).size) return false;
  const mounts = items.map((item) => wholeList(item, 'volumeMounts'));
  return mounts.every((list) => list?.every(({ name }) => objectName(name) !== undefined));
}

/** Without what is beyond the bound. */
function bounded(all: readonly ContainerFacts[]): readonly ContainerFacts[] {
  let room = MAX_VOLUMES;
  const take = (volumes: readonly string[]): readonly string[] => {
    const taken = volumes.slice(0, room);
    room -= taken.length;
    return taken;
  };
  return all.map((container) => ({
    ...container,
    fixedVolumes: take(container.fixedVolumes),
    copiedVolumes: take(container.copiedVolumes),
  }));
}

function countVolumes(all: readonly ContainerFacts[]): number {
  return all.reduce(
    (sum, { fixedVolumes, copiedVolumes }) => sum + fixedVolumes.length + copiedVolumes.length,
    0,
  );
}

/** All of them have a status, or the pod's spec names them. `tokenVolumes`: names of the pod's volumes with tokens. */
export function containersOf(
  spec: JsonObject,
  status: JsonObject,
  tokenVolumes: ReadonlySet<string>,
): Pick<PodFacts, 'containers' | 'hasUnknownContainers'> {
  const all: ContainerFacts[] = [];
  // One more than is kept shows that there are more.
  for (const list of LISTS)
    all.push(...containersIn(list, spec, status, tokenVolumes, MAX_CONTAINERS + 1 - all.length));
  const containers = bounded(all.slice(0, MAX_CONTAINERS));
  const isKnown = all.length <= MAX_CONTAINERS && countVolumes(all) <= MAX_VOLUMES;
  const isComplete = isKnown && LISTS.every((list) => areKnown(list, spec));
  return isComplete ? { containers } : { containers, hasUnknownContainers: true };
}
