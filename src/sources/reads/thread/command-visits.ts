/**
 * Visits of `scan` and `explain`, which engineers run next to the exporter. They open the same files as a workload.
 *
 * Such a process has the folder of the program open while it visits a volume: for each folder in it, that folder first and
 * then each file, as the kubelet does. The opens of both are in one queue, in order. So each whole visit between the
 * two marks is taken out. An open too many stays: it is one of another process.
 */
import type { Inotify } from './inotify.ts';
import { IN, type InotifyEvent } from './inotify-events.ts';

/** A watched folder that holds tokens. */
interface VisitedFolder {
  /** The watch of the volume's folder, which sees that of the generation opened. */
  readonly volume: number;
  readonly generation: string;
  /** Number of files in it. */
  readonly files: number;
}

export interface CommandVisits {
  /** The folder is watched from now on. */
  readonly add: (watch: number) => void;
  /** Takes the events of a drain. Those of a visit that goes on are kept for the next one. */
  readonly strip: (events: readonly InotifyEvent[], nowMs: number) => Stripped;
  /** When the drain was in which the first event came that is kept for the next one; undefined if none is. */
  readonly keptSinceMs: () => number | undefined;
}

export interface Stripped {
  /** The events of others. */
  readonly events: readonly InotifyEvent[];
  /** Watches of folders that may have been visited, so that events of a command may be among those of others. */
  readonly doubtful: readonly number[];
}

export interface CommandVisitsOptions {
  readonly inotify: Pick<Inotify, 'add'>;
  /** The folder of the program. */
  readonly program: string;
  /** Undefined for the watch of another folder. */
  readonly folderOf: (watch: number) => VisitedFolder | undefined;
}

/** A visit takes milliseconds. A process that was stopped in the middle of one must not keep back events of the node. */
const MAX_VISIT_MS = 2_500;
/** As many as the kernel queues by default. */
const MAX_KEPT = 16_384;
/** They change what is watched, and so must not be kept back. */
const URGENT = IN.movedTo | IN.overflow | IN.ignored | IN.unmount;
const NONE: readonly number[] = [];

interface State extends CommandVisitsOptions {
  /** Undefined if the folder of the program cannot be watched. */
  readonly mark: number | undefined;
  /** How often the folder of the program is open. */
  commands: number;
  /** When it was opened, as far as a drain knows. */
  sinceMs: number;
  /** The watches that were added since then, or since the last drain. */
  readonly young: Set<number>;
  /** The events since then. */
  kept: InotifyEvent[];
  /** Whether earlier ones were passed on. */
  isCut: boolean;
}

function isOpen({ mask }: InotifyEvent): boolean {
  return (mask & IN.open) !== 0;
}

function isDirectory({ mask }: InotifyEvent): boolean {
  return (mask & IN.isDirectory) !== 0;
}

function isFolderOpen(event: InotifyEvent): boolean {
  return event.name === '' && isDirectory(event) && isOpen(event);
}

/** Opens and closes of one name in a folder, where the empty name is the folder itself. */
interface Counts {
  opens: number;
  closes: number;
}

function countsIn(events: readonly InotifyEvent[]): ReadonlyMap<string, Counts> {
  const counts = new Map<string, Counts>();
  for (const event of events) {
    if (isDirectory(event) !== (event.name === '')) continue;
    const count = counts.get(event.name) ?? { opens: 0, closes: 0 };
    if (isOpen(event)) count.opens += 1;
    else if ((event.mask & IN.closeNoWrite) !== 0) count.closes += 1;
    counts.set(event.name, count);
  }
  return counts;
}

/** Number of whole visits. The kernel merges an open of the folder with one right before it, but not their closes. */
function visitsIn(counts: ReadonlyMap<string, Counts>, files: number): number {
  const { opens: seen = 0, closes = 0 } = counts.get('') ?? {};
  const opens = [...counts].flatMap(([name, count]) => (name === '' ? [] : [count.opens]));
  const isEach = files > 0 && seen > 0 && opens.length === files;
  return isEach ? Math.min(Math.max(seen, closes), ...opens) : 0;
}

/** A watch and the name in its folder. */
function keyOf({ watch, mask, name }: Pick<InotifyEvent, 'watch' | 'mask' | 'name'>): string {
  return `${watch} ${mask & (IN.open | IN.closeNoWrite)} ${name}`;
}

/** What to take out of the events: how many, by key. */
type Taken = Map<string, number>;

function takeVisits(taken: Taken, watch: number, visits: number, counts: ReadonlyMap<string, Counts>): void {
  for (const [name, { opens, closes }] of counts) {
    const merged = name === '' ? Math.max(0, closes - opens) : 0;
    taken.set(keyOf({ watch, mask: IN.open, name }), visits - Math.min(visits, merged));
    taken.set(keyOf({ watch, mask: IN.closeNoWrite, name }), visits);
  }
}

/** The visits in these events of a command. */
function findVisits({ folderOf }: State, events: readonly InotifyEvent[]): Taken {
  const taken: Taken = new Map();
  for (const [watch, own] of Map.groupBy(events, (event) => event.watch)) {
    const folder = folderOf(watch);
    if (folder === undefined) continue;
    const counts = countsIn(own);
    const visits = visitsIn(counts, folder.files);
    if (visits === 0) continue;
    takeVisits(taken, watch, visits, counts);
    const { volume, generation } = folder;
    taken.set(keyOf({ watch: volume, mask: IN.open, name: generation }), visits);
  }
  return taken;
}

function isTaken(taken: Taken, event: InotifyEvent): boolean {
  const key = keyOf(event);
  const count = taken.get(key) ?? 0;
  if (count > 0) taken.set(key, count - 1);
  return count > 0;
}

/** Whether a visit to the folder, which begins with an open of it, may go on. */
function isMidVisit({ folderOf }: State, watch: number, events: readonly InotifyEvent[]): boolean {
  const files = folderOf(watch)?.files;
  if (files === undefined || !events.some(isFolderOpen)) return false;
  const counts = countsIn(events);
  const visits = visitsIn(counts, files);
  const { opens = 0, closes = 0 } = counts.get('') ?? {};
  return Math.max(opens, closes) > visits || [...counts.values()].some((count) => count.closes < visits);
}

function inMidVisit(state: State, events: readonly InotifyEvent[]): readonly number[] {
  const byWatch = [...Map.groupBy(events, ({ watch }) => watch)];
  return byWatch.filter(([watch, own]) => isMidVisit(state, watch, own)).map(([watch]) => watch);
}

function isUrgent({ mask }: InotifyEvent): boolean {
  return (mask & URGENT) !== 0;
}

interface Output {
  readonly events: InotifyEvent[];
  readonly doubtful: number[];
}

/** A command may have been in the middle of a visit when the folder was watched: the rest looks like reads. */
function isYoung({ young, folderOf }: State, { watch }: InotifyEvent): boolean {
  return young.has(watch) || folderOf(watch)?.files === 0;
}

/** Folders in which opens of a command and of others cannot be separated. */
function unclearIn(state: State, events: readonly InotifyEvent[], isWhole: boolean): ReadonlySet<number> {
  const unclear = events.filter((event) => isYoung(state, event)).map(({ watch }) => watch);
  return new Set(isWhole ? unclear : [...unclear, ...inMidVisit(state, events)]);
}

/** Passes on what is kept, without whole visits. `isWhole`: whether no command is in the middle of one. */
function release(state: State, { events, doubtful }: Output, isWhole: boolean): void {
  const { kept } = state;
  state.kept = [];
  const unclear = unclearIn(state, kept, isWhole);
  doubtful.push(...unclear);
  const clear = kept.filter((event) => isUrgent(event) || !unclear.has(event.watch));
  const taken = findVisits(state, clear);
  for (const event of clear) if (!isTaken(taken, event)) events.push(event);
}

/** The folder of the program was opened or closed. */
function followMark(state: State, event: InotifyEvent, output: Output, nowMs: number): void {
  if (!isDirectory(event) || event.name !== '') return;
  if (isOpen(event)) {
    if (state.commands === 0) state.sinceMs = nowMs;
    state.commands += 1;
    return;
  }
  if (state.commands === 0) return;
  state.commands -= 1;
  if (state.commands > 0) return;
  release(state, output, !state.isCut);
  state.isCut = false;
}

/** At the end of a drain, a command may be in the middle of a visit. */
function keepOrCut(state: State, output: Output, nowMs: number): void {
  if (state.commands === 0) return;
  const isTooLong = nowMs - state.sinceMs > MAX_VISIT_MS;
  const isTooMuch = state.kept.length > MAX_KEPT;
  if (!isTooLong && !isTooMuch && !state.isCut && !state.kept.some(isUrgent)) return;
  release(state, output, false);
  state.isCut = !isTooLong;
  if (isTooLong) state.commands = 0;
}

function isConcerned({ mark, commands }: State, events: readonly InotifyEvent[]): boolean {
  return mark !== undefined && (commands > 0 || events.some(({ watch }) => watch === mark));
}

function strip(state: State, events: readonly InotifyEvent[], nowMs: number): Stripped {
  if (!isConcerned(state, events)) {
    state.young.clear();
    return { events, doubtful: NONE };
  }
  const output: Output = { events: [], doubtful: [] };
  for (const event of events) {
    if (event.watch === state.mark) followMark(state, event, output, nowMs);
    else (state.commands > 0 ? state.kept : output.events).push(event);
  }
  keepOrCut(state, output, nowMs);
  if (state.commands === 0) state.young.clear();
  return output;
}

export function createCommandVisits(options: CommandVisitsOptions): CommandVisits {
  const { inotify, program } = options;
  const added = inotify.add(program, IN.open | IN.closeNoWrite);
  const mark = added.ok ? added.value : undefined;
  const state: State = {
    ...options,
    mark,
    commands: 0,
    sinceMs: 0,
    young: new Set(),
    kept: [],
    isCut: false,
  };
  return {
    add: (watch) => void state.young.add(watch),
    strip: (events, nowMs) => strip(state, events, nowMs),
    keptSinceMs: () => (state.kept.length > 0 ? state.sinceMs : undefined),
  };
}
