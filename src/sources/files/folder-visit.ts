/**
 * Visits of a folder of a volume: the folder is opened, and then every file in it, as the kubelet does at each sync.
 *
 * `scan` and `explain` open files in no other way. To an exporter that watches reads they would look like workloads.
 */
import { closeSync, lstatSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { MAX_VISITED_FILES } from '../../core/reads/kubelet-visit.ts';
import { listDirectory, statDirectory } from './directory.ts';
import { failureOf } from './failures.ts';
import { join, type Path } from './paths.ts';
import type { PodsRoot, Visits } from './pods/pods-root.ts';
import { FLAGS } from './token-file.ts';

function openOnce(path: Path): void {
  try {
    closeSync(openSync(path, FLAGS));
  } catch (error) {
    failureOf(error);
  }
}

function openOthers(path: string): void {
  const folder = dirname(path);
  const listing = statDirectory(folder).ok ? listDirectory(folder) : undefined;
  if (listing?.ok !== true) return;
  const files = listing.value.filter(({ kind }) => kind === 'file');
  if (files.length > MAX_VISITED_FILES) return;
  for (const { raw, name } of files) if (name !== basename(path)) openOnce(join(folder, raw));
}

/** Whether two paths are the same file, which is not opened. */
export function isOneFile(a: Path, b: Path): boolean {
  try {
    const [one, other] = [lstatSync(a), lstatSync(b)];
    return one.dev === other.dev && one.ino === other.ino;
  } catch (error) {
    failureOf(error);
    return false;
  }
}

/** Calls the function, which reads folders, as part of a visit. */
export function* visiting<T>(
  visits: Visits | undefined,
  read: () => Generator<undefined, T, undefined>,
): Generator<undefined, T, undefined> {
  visits?.begin();
  try {
    return yield* read();
  } finally {
    visits?.end();
  }
}

/** Calls the function, which reads the file at the path, as part of a visit to its folder. */
export function visitFile<T>({ opens }: PodsRoot, path: string, read: () => T): T {
  if (opens?.visits === undefined) return read();
  opens.visits.begin();
  try {
    openOthers(path);
    return read();
  } finally {
    opens.visits.end();
  }
}
