/**
 * Breaks the files of a volume, behind the kubelet's back, in ways that were seen on real nodes or could be.
 *
 * Each takes the volume's folder and the path of a file in it. The kubelet mends them at its next write of the volume.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

type Break = (volume: string, path: string) => void;

/** The file itself, past the links. */
function fileOf(volume: string, path: string): string {
  return join(volume, readlinkSync(join(volume, '..data')), path);
}

function replaceBy(make: (file: string) => void): Break {
  return (volume, path) => {
    const file = fileOf(volume, path);
    rmSync(file, { recursive: true });
    make(file);
  };
}

export function writeContent(volume: string, path: string, content: string | Buffer): void {
  writeFileSync(fileOf(volume, path), content);
}

export const BREAKS = {
  emptied: (volume, path) => writeContent(volume, path, ''),
  garbage: (volume, path) => writeContent(volume, path, Buffer.from([0xff, 0xfe, 0x00, 0x0a, 0x7f])),
  oversized: (volume, path) => writeContent(volume, path, `eyJ${'A'.repeat(10 * 1024 * 1024)}`),
  fifo: replaceBy((file) => execFileSync('mkfifo', [file])),
  folder: replaceBy((file) => mkdirSync(file)),
  linkOut: replaceBy((file) => symlinkSync('/etc/passwd', file)),
  linkLoop: replaceBy((file) => symlinkSync('.', file)),
  removed: replaceBy(() => undefined),
  /** Stops anybody but root. */
  locked: (volume, path) => chmodSync(fileOf(volume, path), 0),
  /** As a kubelet leaves it that was killed between two steps of a write. */
  crashed: (volume) => {
    symlinkSync('..2026_01_01_00_00_00.1', join(volume, '..data_tmp'));
    mkdirSync(join(volume, '..2026_01_01_00_00_00.1'));
  },
  /** As it looks from a container without mount propagation: a folder with nothing in it. */
  emptyFolder: (volume) => {
    rmSync(join(volume, readlinkSync(join(volume, '..data'))), { recursive: true });
    rmSync(join(volume, '..data'));
  },
} as const satisfies Readonly<Record<string, Break>>;
