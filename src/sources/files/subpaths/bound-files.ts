/**
 * The files of a pod's projected volumes that the kubelet has bound into containers with `subPath`.
 *
 * Of a directory that was bound, nothing is left after the first rotation: the kubelet has removed what was in it. Other
 * volumes of the pod are not entered: reading a file on a network may never return.
 */
import { createCachedListing, listDirectory, statDirectory } from '../directory.ts';
import { join, type Path } from '../paths.ts';
import type { Volume } from '../volume.ts';

/** A file that is bound into a container. */
export interface BoundFile {
  readonly file: Path;
  readonly volume: string;
  readonly container: string;
  /** The position of the mount in the spec of the container, as the name of the file states it. */
  readonly index: string;
  /** Has an empty component, which no file in a volume has, so that no two tokens have the same place. */
  readonly path: string;
}

interface NamedPath {
  readonly name: string;
  readonly path: Path;
}

function entriesOf(directory: Path, kind: 'directory' | 'file'): readonly NamedPath[] {
  if (!statDirectory(directory).ok) return [];
  const listing = listDirectory(directory);
  if (!listing.ok) return [];
  return listing.value
    .filter((entry) => entry.kind === kind)
    .map(({ name, raw }) => ({ name, path: join(directory, raw) }));
}

/** The kubelet names a bound file by the container and the position of the mount in its spec. */
function boundFilesOf(volume: NamedPath): readonly BoundFile[] {
  return entriesOf(volume.path, 'directory').flatMap((container) =>
    entriesOf(container.path, 'file').map((mount) => ({
      file: mount.path,
      volume: volume.name,
      container: container.name,
      index: mount.name,
      path: `subPath://${container.name}/${mount.name}`,
    })),
  );
}

/** More than the containers of a pod mount. Bounds what one pod can cost. */
export const MAX_COPIES = 64;

/** The bound files of a pod. */
export interface BoundFiles {
  readonly files: readonly BoundFile[];
  /** Whether there are more. */
  readonly areCut: boolean;
}

export const NO_BOUND_FILES: BoundFiles = { files: [], areCut: false };

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** By container and position, not in the order of the directory: every scan leaves out the same ones. */
function inOrder(a: BoundFile, b: BoundFile): number {
  return (
    compare(a.container, b.container) ||
    a.index.length - b.index.length ||
    compare(a.index, b.index) ||
    compare(a.volume, b.volume)
  );
}

/** Creates a function that lists them. `pod`: the directory of the pod. `nowMs` is the wall clock. */
export function createListBoundFiles(pod: Path): (volumes: readonly Volume[], nowMs: number) => BoundFiles {
  const directory = join(pod, 'volume-subpaths');
  const listVolumes = createCachedListing(directory);
  return (volumes, nowMs) => {
    const listing = listVolumes(nowMs);
    if (!listing.ok) return NO_BOUND_FILES;
    const projected = volumes.filter(({ location }) => location.volumeKind === 'projected');
    const names = new Set(projected.map(({ location }) => location.volume));
    const all = listing.value
      .filter(({ name, kind }) => kind === 'directory' && names.has(name))
      .flatMap(({ name, raw }) => boundFilesOf({ name, path: join(directory, raw) }))
      .toSorted(inOrder);
    return { files: all.slice(0, MAX_COPIES), areCut: all.length > MAX_COPIES };
  };
}
