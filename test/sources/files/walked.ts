/**
 * A walk through a volume, told in lines.
 */
import { basename } from 'node:path';
import { walkGeneration } from '../../../src/sources/files/generation.ts';
import { lineOf } from '../../support/sources.ts';
import type { TestVolume } from '../../support/volumes.ts';

interface Walked {
  /** Their paths. */
  readonly tokens: readonly string[];
  /** Paths in the volume, with the reason. */
  readonly unreadable: readonly string[];
}

export function walk(volume: TestVolume, wasToken: (path: string) => boolean = () => false): Walked {
  const { tokens, unreadable } = walkGeneration(volume.place, basename(volume.generation()), wasToken);
  const prefix = new RegExp(`^${volume.place.podUid}/${volume.place.volume}/?`);
  return {
    tokens: tokens.map(({ path }) => path),
    unreadable: unreadable.map((object) => lineOf(object).replace(prefix, '')),
  };
}
