/**
 * Reads one volume: the generation `..data` points to, whole.
 *
 * Layout: k8s.io/kubernetes/pkg/volume/util/atomic_writer.go. Knows nothing of earlier readings or of watches.
 */
import { readlinkSync } from 'node:fs';
import { type Failure, failureOf } from './failures.ts';
import type { VolumePlace } from './pod-volumes.ts';
import { type Content, type WasToken, walkGeneration } from './volume-walk.ts';

export type Generation = { readonly ok: true; readonly name: string } | ({ readonly ok: false } & Failure);

export type VolumeReading =
  | { readonly ok: true; readonly generation: string; readonly content: Content }
  | ({ readonly ok: false } & Failure);

/** A time and a random number; whatever else it may be one day, a plain name and no way out of the volume. */
const GENERATION = /^\.\.[\w.-]+$/;
/** A volume that is swapped more often while it is read is left as it was read last, to be looked at again. */
const MAX_TRIES = 32;

const NOT_MOUNTED: Failure = {
  reason: 'not_mounted',
  detail: 'the volume is empty: not mounted, or not visible here',
};
const NO_LINK: Failure = { reason: 'bad_link', detail: '..data is not a link' };
const OUTWARD: Failure = { reason: 'bad_link', detail: '..data does not point to a folder beside it' };

function generationFailure(failure: Failure): Failure {
  if (failure.reason === 'vanished') return NOT_MOUNTED;
  return failure.detail === 'EINVAL' ? NO_LINK : failure;
}

/** The name of the folder `..data` points to: one right beside it, or a failure. One system call. */
export function readGeneration({ link }: Pick<VolumePlace, 'link'>): Generation {
  try {
    const name = readlinkSync(link);
    return GENERATION.test(name) ? { ok: true, name } : { ok: false, ...OUTWARD };
  } catch (error) {
    return { ok: false, ...generationFailure(failureOf(error)) };
  }
}

/**
 * Reads the volume's generation, and the one that took its place where it was swapped under our feet.
 *
 * The kubelet removes a generation only after `..data` points to the next, file by file: what was read was whole
 * if `..data` still points to it afterwards, and may lack files without any error if not. Fails where the volume
 * went away meanwhile.
 */
export function readVolume(place: VolumePlace, generation: string, wasToken: WasToken): VolumeReading {
  let name = generation;
  for (let attempt = 1; ; attempt += 1) {
    const content = walkGeneration(place, name, wasToken);
    const after = readGeneration(place);
    if (!after.ok) return after;
    if (after.name === name || attempt === MAX_TRIES) return { ok: true, generation: name, content };
    name = after.name;
  }
}
