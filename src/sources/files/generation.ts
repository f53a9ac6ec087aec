/**
 * Reads the current generation of a volume: the directory that the link `..data` points to.
 *
 * The kubelet writes each generation to a new directory and then swaps `..data` by a rename
 * (k8s.io/kubernetes/pkg/volume/util/atomic_writer.go). No symbolic link other than `..data` is followed.
 */
import { readlinkSync } from 'node:fs';
import { errorCode } from '../../util/error-code.ts';
import { err, ok, type Result } from '../../util/result.ts';
import type { Content, VolumeLocation } from './content.ts';
import { type Failure, failureOf, unreadable } from './failures.ts';
import type { Path } from './paths.ts';
import { NO_SCOPE } from './pods/pod-limits.ts';
import type { Steps } from './slices.ts';
import { type WasToken, walkGeneration } from './walk.ts';

/** The only failure of a reading that lost the race with the kubelet. Its tokens are real, but others may be absent. */
const CHANGING: Failure = { reason: 'changing', detail: 'the volume was swapped during every reading' };

export interface VolumeReading {
  /** Name of the generation that was read. */
  readonly generation: string;
  readonly content: Content;
}

/** How often a volume is read again because it was swapped meanwhile. After that the next refresh reads it. */
export const MAX_ATTEMPTS = 32;
/** The kubelet uses a timestamp and a random number. Anything else must at least not lead out of the volume. */
const GENERATION = /^\.\.[\w.-]+$/;

const NOT_MOUNTED: Failure = {
  reason: 'not_mounted',
  detail: 'the volume is empty: not mounted, or the mount is not visible to the exporter',
};
const NOT_A_LINK: Failure = { reason: 'bad_link', detail: '..data is not a symbolic link' };
const OUTSIDE: Failure = { reason: 'bad_link', detail: '..data does not point to a directory of the volume' };

function linkFailure(error: unknown): Failure {
  const failure = failureOf(error);
  if (failure.reason === 'vanished') return NOT_MOUNTED;
  return errorCode(error) === 'EINVAL' ? NOT_A_LINK : failure;
}

/** Returns the name of the directory that the link `..data` points to. Costs one system call. */
export function currentGeneration(link: Path): Result<string, Failure> {
  try {
    const name = readlinkSync(link);
    return GENERATION.test(name) ? ok(name) : err(OUTSIDE);
  } catch (error) {
    return err(linkFailure(error));
  }
}

/** Whether the link `..data` points to `generation`, which was read before. Costs one system call. */
export function pointsTo(link: Path, generation: string): boolean {
  try {
    return readlinkSync(link) === generation;
  } catch (error) {
    failureOf(error);
    return false;
  }
}

/** What was found while files were removed. Says nothing of a single file: it was there, or is in the next generation. */
function incomplete(location: VolumeLocation, content: Content): Content {
  const { podUid, volume } = location;
  return { ...content, others: [], unreadable: [unreadable({ podUid, volume }, CHANGING)] };
}

/**
 * Reads `generation`, or a later one if the kubelet swaps the volume meanwhile. Fails if the volume is unmounted
 * meanwhile.
 *
 * The kubelet removes a generation only after `..data` points to the next one, file by file. A reading is complete
 * if `..data` has not changed afterwards; otherwise it may lack files without any error. If every attempt is lost, the
 * volume as a whole is unreadable, and no file of it.
 */
export function* readVolume(
  location: VolumeLocation,
  generation: string,
  wasToken: WasToken,
  scope = NO_SCOPE,
): Steps<Result<VolumeReading, Failure>> {
  let name = generation;
  for (let attempt = 1; ; attempt += 1) {
    const content = yield* walkGeneration(location, name, wasToken, scope);
    const current = currentGeneration(location.link);
    if (!current.ok) return current;
    if (current.value === name) return ok({ generation: name, content });
    if (attempt === MAX_ATTEMPTS) return ok({ generation: name, content: incomplete(location, content) });
    name = current.value;
  }
}
