/**
 * Copies of a pod's tokens: a container that mounts a file of a volume with `subPath` keeps the file that the kubelet
 * bound at its start, while the volume gets new ones (k8s.io/kubernetes/pkg/volume/util/subpath).
 */
import type { Unreadable } from '../../../core/observation.ts';
import { isSameToken, type Token, type TokenClaims, type TokenIdentity } from '../../../core/token/token.ts';
import { sameItems } from '../../../util/stable.ts';
import { type Failure, unreadable } from '../failures.ts';
import { isOneFile } from '../folder-visit.ts';
import { isSameFile } from '../found-token.ts';
import { join, type Path } from '../paths.ts';
import { addAmount, amountOfToken, hasRoom, NO_USAGE, POD_LIMITS } from '../pods/pod-limits.ts';
import type { PodsRoot } from '../pods/pods-root.ts';
import { readTokenFile, type TokenFile } from '../token-file.ts';
import type { Volume } from '../volume.ts';
import { type BoundFile, createListBoundFiles, MAX_COPIES, NO_BOUND_FILES } from './bound-files.ts';

export interface Copies {
  /** Finds the copies of what is in the volumes. `nowMs` is the wall clock. */
  readonly list: (volumes: readonly Volume[], nowMs: number) => void;
  /** Reads the copies, and compares them with the tokens of the volumes. */
  readonly refresh: (volumes: readonly Volume[]) => void;
  readonly tokens: () => readonly Token[];
  /** Whether there is nothing to refresh. */
  readonly isEmpty: () => boolean;
  /** What the limits leave out: an entry for the pod. */
  readonly leftOut: () => readonly Unreadable[];
}

const LIMIT: Failure = {
  reason: 'limit',
  detail: `the containers of the pod mount more than ${MAX_COPIES} files of its volumes with subPath, more than ${POD_LIMITS.unnamed.objects} of them hold a token, or their claims are very long; the rest is not read`,
};
const NONE: readonly Unreadable[] = [];

/** The tokens of the volume that the claims can be an older version of. */
function sourcesOf({ claims }: TokenFile, tokens: readonly Token[]): readonly TokenClaims[] {
  return tokens
    .map((token) => token.claims)
    .filter(
      (source) =>
        source.serviceAccount.name === claims.serviceAccount.name &&
        sameItems(source.audiences, claims.audiences),
    );
}

/**
 * When the newest of the tokens was issued that the volume has now; undefined while it has the same token, or older ones.
 * It may have several of the same audience, with different lifetimes.
 */
function replacedAt(found: TokenFile, volume: Volume | undefined): number | undefined {
  const sources = sourcesOf(found, volume?.tokens ?? []);
  if (sources.some((source) => isSameToken(source, found.claims))) return undefined;
  const newest = Math.max(...sources.map(({ issuedAt }) => issuedAt ?? Number.NEGATIVE_INFINITY));
  return Number.isFinite(newest) && newest >= (found.claims.issuedAt ?? 0) ? newest : undefined;
}

function identityOf(
  podUid: string,
  { volume, path }: BoundFile,
  { pod, namespace, serviceAccount }: TokenClaims,
): TokenIdentity {
  const names = pod?.uid === podUid ? { namespace, pod: pod.name } : { namespace: '', pod: '' };
  return { ...names, podUid, serviceAccount: serviceAccount.name, volume, path };
}

function isSameCopy(a: Token, b: Token): boolean {
  return (
    isSameToken(a.claims, b.claims) && isSameFile(a.file, b.file) && a.copy?.replacedAt === b.copy?.replacedAt
  );
}

function readBoundFile({ file }: BoundFile, root: PodsRoot): TokenFile | undefined {
  const reading = readTokenFile(file, { device: undefined, root }, () => false);
  // The file in the volume has the same mode: it is the one that is reported as unreadable.
  return reading.ok && !('other' in reading.value) ? reading.value : undefined;
}

/**
 * The token of the volume that is the same file. If every open has to be part of a visit, it is not opened once more: that
 * would look like a read of the container. An older file has no watch.
 */
function knownCopy(root: PodsRoot, { file }: BoundFile, volume: Volume | undefined): TokenFile | undefined {
  if (root.opens?.visits === undefined || volume?.generation === undefined) return undefined;
  const folder = join(volume.location.directory, volume.generation);
  return volume.tokens.find(({ identity }) => isOneFile(file, join(folder, identity.path)));
}

function readCopy(
  podUid: string,
  root: PodsRoot,
  bound: BoundFile,
  volumes: readonly Volume[],
): Token | undefined {
  const volume = volumes.find(({ location }) => location.volume === bound.volume);
  const found = knownCopy(root, bound, volume) ?? readBoundFile(bound, root);
  if (found === undefined) return undefined;
  const { claims, file } = found;
  return {
    identity: identityOf(podUid, bound, claims),
    volumeKind: 'subpath',
    claims,
    file,
    lastRotation: claims.issuedAt ?? file.modifiedAt,
    copy: { container: bound.container, replacedAt: replacedAt(found, volume) },
  };
}

function isSamePlace({ identity: a }: Token, { identity: b }: Token): boolean {
  return a.volume === b.volume && a.path === b.path;
}

/** As many as the limits of a pod allow. */
function limited(copies: readonly Token[]): readonly Token[] {
  let used = NO_USAGE;
  return copies.filter(({ claims }) => {
    const amount = amountOfToken(claims);
    const isKept = hasRoom('unnamed', used.unnamed, amount);
    if (isKept) used = addAmount(used, 'unnamed', amount);
    return isKept;
  });
}

/** `pod`: the directory of the pod. */
export function createCopies(podUid: string, pod: Path, root: PodsRoot): Copies {
  const listBoundFiles = createListBoundFiles(pod);
  const entries = [unreadable({ podUid }, LIMIT)];
  let bound = NO_BOUND_FILES;
  let tokens: readonly Token[] = [];
  let isLimited = false;

  const isEmpty = (): boolean => bound.files.length === 0 && tokens.length === 0;

  const refresh = (volumes: readonly Volume[]): void => {
    if (isEmpty()) return;
    const found = bound.files
      .map((file) => readCopy(podUid, root, file, volumes))
      .filter((copy) => copy !== undefined);
    const kept = limited(found);
    isLimited = kept.length < found.length;
    tokens = kept.map((copy) => {
      const before = tokens.find((one) => isSamePlace(one, copy));
      return before !== undefined && isSameCopy(before, copy) ? before : copy;
    });
  };

  return {
    list: (volumes, nowMs) => {
      bound = listBoundFiles(volumes, nowMs);
    },
    refresh,
    tokens: () => tokens,
    isEmpty,
    leftOut: () => (bound.areCut || isLimited ? entries : NONE),
  };
}
