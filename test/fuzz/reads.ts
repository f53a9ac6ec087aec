/**
 * Generated interleavings of the opens of one generation: visits of the kubelet (whole, cut short, split by load), its
 * disk usage scan, opens by the exporter, and reads of a workload, of the token or of all files, with and without `ls` before.
 *
 * Left out is what no observer of the events can attribute: two opens that the kernel merges completely, a workload that
 * lists the directory of the generation and then opens every file in it once, and a kubelet that needs more than four seconds for a visit.
 */

import { announceOpen } from '../../src/core/reads/expected-opens.ts';
import { endGeneration, type GenerationResult } from '../../src/core/reads/generation-result.ts';
import { type GenerationState, startGeneration } from '../../src/core/reads/generation-state.ts';
import { observePod } from '../../src/core/reads/pod-reads.ts';
import type { DrainTime, ReadEvent } from '../../src/core/reads/read-event.ts';
import { createRandom, type Random } from './random.ts';

const NOW = 1_795_480_000;
const TOKEN = 'token';
const FILES = [TOKEN, 'ca.crt', 'namespace'];
/** Long enough for several visits; short enough for collisions. */
const LENGTH_MS = 60_000;

interface Timed extends ReadEvent {
  readonly ms: number;
  /** An open or a close of the token by the workload. */
  readonly isRead?: boolean;
}

type Drains = readonly (readonly [from: number, to: number])[];

interface Own {
  readonly ms: number;
  readonly name: string;
  readonly isWatched: boolean;
}

interface Timeline {
  readonly files: readonly string[];
  readonly events: readonly Timed[];
  readonly own: readonly Own[];
  /** Times at which the kubelet completes a visit to the other volume of the pod. */
  readonly other: readonly Timed[];
  readonly endMs: number;
}

function folder(ms: number): Timed {
  return { ms, kind: 'folder_opened', name: '' };
}

/** The kubelet's disk usage scan, or `find`. */
function walk(ms: number): readonly Timed[] {
  return [{ ms, kind: 'volume_opened', name: '' }, folder(ms + 0.1)];
}

/** Opens the file at `ms`, for 50 µs unless stated. */
function readAt(ms: number, name: string, isRead = false, heldMs = 0.05): readonly Timed[] {
  const open = { ms, kind: 'opened', name } as const;
  const close = { ms: ms + heldMs, kind: 'closed', name } as const;
  return isRead ? [open, close].map((event) => ({ ...event, isRead })) : [open, close];
}

function shuffled<T>(values: readonly T[], random: Random): readonly T[] {
  return values
    .map((value) => ({ value, order: random.next() }))
    .sort((a, b) => a.order - b.order)
    .map(({ value }) => value);
}

/** The directory and then these files, one after the other, in `durationMs`. */
function visit(ms: number, files: readonly string[], durationMs: number): readonly Timed[] {
  const step = durationMs / (files.length + 1);
  return [folder(ms), ...files.flatMap((name, index) => readAt(ms + step * (index + 1), name))];
}

/** Mostly 5 ms; under load up to four seconds. */
function visitDuration(random: Random): number {
  return random.isOneIn(4) ? random.next() * 4_000 : 5;
}

function kubeletVisits(files: readonly string[], random: Random): readonly Timed[] {
  const times = random.list(3, () => 200 + random.next() * (LENGTH_MS - 12_000));
  const starts = [...times].sort((a, b) => a - b);
  const serial = starts.filter((start, index) => index === 0 || start - (starts[index - 1] ?? 0) > 4_100);
  return serial.flatMap((ms) => visit(ms, shuffled(files, random), visitDuration(random)));
}

/** It finds that the token differs, and stops there. */
function lastVisit(files: readonly string[], random: Random): readonly Timed[] {
  const order = shuffled(files, random);
  const compared = order.slice(0, order.indexOf(TOKEN) + 1);
  return visit(LENGTH_MS - 5_000, compared, visitDuration(random));
}

/** Near an event of the kubelet, or anywhere. */
function anyTime(near: readonly Timed[], endMs: number, random: Random): number {
  if (near.length === 0 || random.isOneIn(3)) return 100 + random.next() * (endMs - 100);
  const offset = random.oneOf(
    () => random.next() * 6 - 3,
    () => random.next() * 4_000 - 2_000,
    () => 0.02,
  );
  return Math.min(endMs, Math.max(100, random.pick(near).ms + offset));
}

function workloadRead(ms: number, random: Random): readonly Timed[] {
  const read = readAt(ms, TOKEN, true, random.isOneIn(3) ? random.next() * 20 : 0.05);
  return random.oneOf(
    () => read,
    () => [folder(ms - random.next() * 1_000), ...read],
    () => [...read, ...readAt(ms + 1, 'ca.crt')],
    () => [...read, ...FILES.slice(1).flatMap((name, index) => readAt(ms + 1 + index, name))],
    () => [{ ms: ms - 0.1, kind: 'volume_opened', name: '' }, ...read],
  );
}

function ownReads(near: readonly Timed[], files: readonly string[], endMs: number, random: Random) {
  const opens: readonly Own[] = random.list(2, () => ({
    ms: anyTime(near, endMs - 1, random),
    name: TOKEN,
    isWatched: true,
  }));
  const scanMs = random.next() * 40;
  const isWatched = random.isOneIn(2);
  const scan = files.map((name, index) => ({ ms: scanMs + index * 0.3, name, isWatched }));
  const events = [...opens, ...(isWatched ? scan : [])].flatMap(({ ms, name }) => readAt(ms, name));
  const listing = { ms: scanMs, name: '', isWatched };
  return { own: [...opens, listing, ...scan], events: isWatched ? [folder(scanMs), ...events] : events };
}

function generate(random: Random): Timeline {
  const files = random.isOneIn(3) ? [TOKEN] : FILES;
  const whole = kubeletVisits(files, random);
  const last = lastVisit(files, random);
  const kubelet = [...whole, ...last];
  const endMs = Math.max(...kubelet.map(({ ms }) => ms)) + random.next() * 3;
  const usage = random.list(4, () => walk(anyTime(kubelet, endMs - 1, random))).flat();
  const own = ownReads(kubelet, files, endMs, random);
  const near = [...kubelet, ...usage, ...own.events];
  const reads = random.list(3, () => workloadRead(anyTime(near, endMs - 0.1, random), random)).flat();
  const others = random.list(2, () => readAt(anyTime(near, endMs, random), 'ca.crt')).flat();
  const events = [...near, ...reads, ...(files.length > 1 ? others : [])];
  const syncs = kubelet.filter(({ kind }) => kind === 'folder_opened');
  const other = syncs.flatMap(({ ms }) => visit(ms + random.next() * 4, shuffled(FILES, random), 5));
  return {
    files,
    events: events.filter(({ ms }) => ms <= endMs).sort((a, b) => a.ms - b.ms),
    own: own.own,
    other: random.isOneIn(2) ? other.filter(({ ms }) => ms <= endMs) : [],
    endMs,
  };
}

/** As the kernel does: an event equal to the last one in the queue is dropped. A drain empties the queue. */
function mergedDrain(events: readonly Timed[]): readonly Timed[] {
  return events.filter((event, index) => {
    const before = events[index - 1];
    return before?.kind !== event.kind || before.name !== event.name;
  });
}

/** Whether the kernel merged both the opens and the closes of two readers of the token: nothing shows one of them. */
function isSwallowed(events: readonly Timed[], kept: readonly Timed[]): boolean {
  const count = (list: readonly Timed[], kind: string) =>
    list.filter((event) => event.kind === kind && event.name === TOKEN).length;
  return Math.max(count(kept, 'opened'), count(kept, 'closed')) < count(events, 'opened');
}

function eventsUntil(events: readonly Timed[], from: number, to: number): readonly Timed[] {
  return events.filter(({ ms }) => ms > from && ms <= to);
}

function timeAt(ms: number, sinceMs = ms): DrainTime {
  return { at: NOW + ms / 1_000, monotonicMs: ms, sinceMs, sinceSwapMs: ms };
}

function start(files: readonly string[]): GenerationState {
  return startGeneration({ tokenFile: TOKEN, files, at: NOW, monotonicMs: 0, blindMs: 0.2 });
}

/** Announces the opens of the exporter up to this time. Its thread is not faster than the events. */
function announced(state: GenerationState, own: readonly Own[], from: number, to: number): GenerationState {
  return own
    .filter(({ ms }) => ms > from && ms <= to)
    .reduce(
      (next, { ms, name, isWatched }) => announceOpen(next, { name, isWatched, monotonicMs: ms }),
      state,
    );
}

/** The times between which the queue is read: first after 10 ms, as the source does after a swap; late if it gets no CPU. */
function drainsOf(endMs: number, random: Random): Drains {
  const step = random.isOneIn(12) ? 8_000 : random.pick([50, 1_000, 1_000, 1_900]);
  const count = Math.ceil((endMs - 10) / step);
  const ends = Array.from({ length: count }, (_, index) => Math.min(endMs, 10 + (index + 1) * step));
  return [10, ...ends].map((to, index, all) => [all[index - 1] ?? -1, to] as const);
}

function classify({ files, other, own, endMs }: Timeline, events: readonly Timed[], drains: Drains) {
  let [state, sibling] = [start(files), start(FILES)];
  for (const [from, to] of drains) {
    state = announced(state, own, from, to);
    const folders = [
      { state, events: eventsUntil(events, from, to) },
      { state: sibling, events: eventsUntil(other, from, to) },
    ];
    [state = state, sibling = sibling] = observePod(folders, () => timeAt(to, from));
  }
  return endGeneration(state, timeAt(endMs));
}

interface Interleaving {
  readonly isRead: boolean;
  readonly verdict: GenerationResult['verdict'];
  /** The sequence, for a report. */
  readonly text: string;
}

function printed({ ms, kind, name, isRead }: Timed): string {
  return `${ms.toFixed(2)} ${kind} ${name}${isRead ? ' (read)' : ''}`;
}

function interleave(random: Random): Interleaving | undefined {
  const timeline = generate(random);
  const drains = drainsOf(timeline.endMs, random);
  const events = drains.flatMap(([from, to]) => mergedDrain(eventsUntil(timeline.events, from, to)));
  if (isSwallowed(timeline.events, events)) return undefined;
  const { verdict } = classify(timeline, events, drains);
  const isRead = timeline.events.some((event) => event.isRead === true);
  const own = timeline.own.map(({ ms, name, isWatched }) => `${ms.toFixed(2)} own ${name} ${isWatched}`);
  return { isRead, verdict, text: [...events.map(printed), ...own, `end ${timeline.endMs}`].join('\n') };
}

export interface ReadsOutcome {
  /** By what happened and what was found, such as `read: unknown`. */
  readonly counts: ReadonlyMap<string, number>;
  /** Interleavings with a false verdict. */
  readonly wrong: readonly string[];
}

function isFalse({ verdict, isRead }: Interleaving): boolean {
  return verdict === (isRead ? 'unread' : 'read');
}

/** Classifies `count` interleavings. A verdict is false if it contradicts what happened; `unknown` never does. */
export function fuzzReads(seed: number, count: number): ReadsOutcome {
  const counts = new Map<string, number>();
  const wrong: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const found = interleave(createRandom(seed + index));
    if (found === undefined) continue;
    const key = `${found.isRead ? 'read' : 'unread'}: ${found.verdict}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    if (isFalse(found)) wrong.push(`seed ${seed + index}: ${key}\n${found.text}`);
  }
  return { counts, wrong };
}
