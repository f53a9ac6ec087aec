/**
 * A watched node for each test of a suite, and what its tests have in common.
 */
import { renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'mocha';
import type { Drained } from '../../../../src/sources/reads/protocol.ts';
import { createNode, type TestNode, type TestVolume } from '../../files/support/test-node.ts';
import { createWatchedNode, type WatchedNode } from './watched-node.ts';

export const OPENED = { kind: 'opened', name: 'token' } as const;
export const CLOSED = { kind: 'closed', name: 'token' } as const;
export const FOLDER = { kind: 'folder_opened', name: '' } as const;
export const FILES = { token: 'x', 'ca.crt': 'x' };

export function swapTo(folder: string, generation: string): void {
  symlinkSync(generation, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
}

export interface Stage {
  readonly node: TestNode;
  readonly watched: WatchedNode;
  readonly writtenVolume: (files?: Readonly<Record<string, string>>) => TestVolume;
  /** The events of all folders, and whether each of the folders lost some or has ended. */
  readonly drained: () => readonly Pick<Drained, 'events' | 'isLossy' | 'hasEnded'>[];
}

/** A node for each test of the suite. */
export function useStage(): Stage {
  let node: TestNode;
  let watched: WatchedNode;
  beforeEach(() => {
    node = createNode();
    watched = createWatchedNode();
  });
  afterEach(() => {
    watched.close();
    node.remove();
  });
  return {
    get node() {
      return node;
    },
    get watched() {
      return watched;
    },
    writtenVolume: (files = FILES) => {
      const volume = node.volume();
      volume.write(files);
      return volume;
    },
    drained: () =>
      watched.step().drained.map(({ events, isLossy, hasEnded }) => ({ events, isLossy, hasEnded })),
  };
}
