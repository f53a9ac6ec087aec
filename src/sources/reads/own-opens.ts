/**
 * The exporter's own opens of token files and their folders: counted where the thread sees it, and passed on with what was opened.
 *
 * The events of these opens look like any other. The numbers tell which opens came after a watch was added.
 */
import type { Stats } from 'node:fs';
import type { Path } from '../files/paths.ts';
import type { OpenListener } from '../files/pods/pods-root.ts';
import { SHARED, SHARED_WORDS } from './protocol.ts';

/** Identifies a volume of the node. */
export function volumeKey(podUid: string, volume: string): string {
  return `${podUid}/${volume}`;
}

export interface OwnOpen {
  /** 1 for the first open of the process. */
  readonly number: number;
  readonly volume: string;
  /** Undefined for a copy in a container, which may be a file of any generation. The name of a folder is empty. */
  readonly file: { readonly generation: string; readonly holder: string; readonly name: string } | undefined;
}

export interface OwnOpens extends OpenListener {
  /** The words of `SHARED`. */
  readonly shared: Int32Array<SharedArrayBuffer>;
  /** Sets what is called after each open in a volume. */
  readonly follow: (onOpen: (open: OwnOpen) => void) => void;
}

const COPIES = 'volume-subpaths';
const PROJECTED = 'kubernetes.io~projected';

/** The parts of the path below the directory of the pods. */
function partsOf(path: Path, pods: string): readonly string[] {
  const text = path.toString();
  return text.startsWith(pods) ? text.slice(pods.length).split('/') : [];
}

/** The open of a file or a folder in a volume: `parts` are the folders that lead to it. */
function openIn(number: number, parts: readonly string[], name: string): OwnOpen | undefined {
  const [podUid = '', kind, plugin, volume, generation, ...holder] = parts;
  if (kind !== 'volumes' || plugin !== PROJECTED || volume === undefined || generation === undefined)
    return undefined;
  return {
    number,
    volume: volumeKey(podUid, volume),
    file: { generation, holder: holder.join('/'), name },
  };
}

/** The kubelet removes the files of old generations. Then the folder that held a copy is not watched any longer. */
function openOfCopy(number: number, parts: readonly string[], { nlink }: Stats): OwnOpen | undefined {
  const [podUid = '', kind, volume = ''] = parts;
  return kind === COPIES && nlink > 0
    ? { number, volume: volumeKey(podUid, volume), file: undefined }
    : undefined;
}

export function createOwnOpens(rootDir: string): OwnOpens {
  const shared = new Int32Array(new SharedArrayBuffer(SHARED_WORDS * Int32Array.BYTES_PER_ELEMENT));
  const pods = `${rootDir}/pods/`;
  let onOpen: (open: OwnOpen) => void = () => undefined;
  let number = 0;
  const announce = (open: OwnOpen | undefined): void => {
    Atomics.store(shared, SHARED.opensComplete, number);
    if (open !== undefined) onOpen(open);
  };
  return {
    shared,
    opening: () => {
      number += 1;
      Atomics.store(shared, SHARED.opensBegun, number);
    },
    openedFile: (path, stats) => {
      const parts = partsOf(path, pods);
      announce(openOfCopy(number, parts, stats) ?? openIn(number, parts.slice(0, -1), parts.at(-1) ?? ''));
    },
    openedDirectory: (path) => announce(openIn(number, partsOf(path, pods), '')),
    follow: (next) => {
      onOpen = next;
    },
  };
}
