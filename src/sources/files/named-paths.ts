/**
 * The paths in a volume at which the pod's spec names a token: they are read before everything else in it.
 */
import type { PodFacts } from '../../core/cluster-facts.ts';

export interface NamedPaths {
  readonly has: (path: string) => boolean;
  /** Whether the path is a directory above one of them. */
  readonly leadsTo: (path: string) => boolean;
  /** Equal for equal paths. */
  readonly key: string;
}

/** By the name of the volume. Undefined if the spec is not known. */
export type NamedInPod = ReadonlyMap<string, NamedPaths> | undefined;

/** Where a Secret of the token controller holds its token. */
const SECRET_PATH = 'token';

function directoriesAbove(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

export function namedPaths(paths: readonly string[]): NamedPaths {
  const named = new Set(paths);
  const directories = new Set(paths.flatMap(directoriesAbove));
  return {
    has: (path) => named.has(path),
    leadsTo: (path) => directories.has(path),
    key: [...named].sort().join('\0'),
  };
}

export const NO_PATHS = namedPaths([]);

export function namedInPod({ projections, secrets }: PodFacts): NonNullable<NamedInPod> {
  const ofSecrets = secrets.map(({ volume }) => ({ volume, path: SECRET_PATH }));
  const byVolume = Map.groupBy([...projections, ...ofSecrets], ({ volume }) => volume);
  return new Map(
    Array.from(byVolume, ([volume, named]) => [volume, namedPaths(named.map(({ path }) => path))]),
  );
}
