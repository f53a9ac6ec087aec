/**
 * What the thread looks up in the folder of a volume. No link but `..data` is followed.
 */
import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { MAX_VISITED_FILES } from '../../../core/reads/kubelet-visit.ts';
import { errorCode } from '../../../util/error-code.ts';

/** As in files/generation.ts: a name that cannot lead out of the volume. */
const GENERATION = /^\.\.[\w.-]+$/;
/** The wall clock is cut to whole milliseconds. */
const CLOCK_RESOLUTION_MS = 1;
/** More than that, and the clock was set. */
const MAX_BLIND_MS = 3_600_000;

/** A volume may be unmounted or swapped at any moment. Other errors than those of a system call are bugs. */
function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** Name of the folder that `..data` points to. */
export function generationIn(folder: string): string | undefined {
  const name = unlessGone(() => readlinkSync(`${folder}/..data`));
  return name !== undefined && GENERATION.test(name) ? name : undefined;
}

/** When `..data` was swapped, in milliseconds: a rename renews the time of change, which no process can set. */
function swapTimeIn(folder: string): number | undefined {
  return unlessGone(() => lstatSync(`${folder}/..data`).ctimeMs);
}

/**
 * Milliseconds since `..data` was swapped, more than 0, at the time `nowMs` of the wall clock. An upper bound: file systems take their
 * times from a clock that ticks every few milliseconds, and lags behind.
 */
export function sinceSwap(folder: string, nowMs: number): number | undefined {
  const swappedAt = swapTimeIn(folder);
  if (swappedAt === undefined) return undefined;
  const blindMs = nowMs + CLOCK_RESOLUTION_MS - swappedAt;
  return blindMs <= 0 || blindMs > MAX_BLIND_MS ? undefined : blindMs;
}

/** The path of a folder in a generation; undefined unless every part of it is a folder. */
export function holderPath(folder: string, generation: string, holder: string): string | undefined {
  let path = `${folder}/${generation}`;
  for (const part of holder.split('/').filter((name) => name !== '')) {
    path = `${path}/${part}`;
    if (unlessGone(() => lstatSync(path).isDirectory()) !== true) return undefined;
  }
  return path;
}

/** Names of the files in a folder, as the kubelet visits them; undefined if it cannot be listed. */
export function filesIn(folder: string): readonly string[] | undefined {
  const entries = unlessGone(() => readdirSync(folder, { withFileTypes: true }));
  if (entries === undefined || entries.length > MAX_VISITED_FILES) return undefined;
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}
