/**
 * A node watched under a limit of the kernel: run by a test in a user namespace of its own, where limits can be set.
 *
 * Arguments: the limit's name under /proc/sys/user and its value. Prints what it saw as one line of JSON.
 */
import { writeFileSync } from 'node:fs';
import { createSource } from '../../support/sources.ts';
import { createNode, nextToken, type TestVolume } from '../../support/volumes.ts';

/** What was seen at one point in time. */
export interface Sighting {
  readonly at: string;
  readonly tokens: readonly string[];
  readonly watches: number;
  readonly watchFailures: readonly string[];
  readonly rotations: number;
}

const [name = '', value = ''] = process.argv.slice(2);
const setLimit = (limit: string): void => writeFileSync(`/proc/sys/user/${name}`, limit);

setLimit(value);
const node = createNode();
const source = createSource(node.rootDir, { isWatching: true });
const sightings: Sighting[] = [];

function note(at: string): void {
  const { watchFailures, rotations } = source;
  const { watches } = source.observe();
  sightings.push({
    at,
    tokens: source.seen().tokens,
    watches,
    watchFailures: watchFailures.splice(0),
    rotations: rotations.length,
  });
}

function rotateAll(volumes: readonly TestVolume[], id: string): void {
  for (const volume of volumes) volume.write({ token: nextToken({ jti: id }) });
}

/** Watches keep no process alive, and a test's must not end while it waits for one. */
const alive = setInterval(() => undefined, 60_000);
try {
  const volumes = ['one', 'two', 'three', 'four'].map((volume) => node.volume({ name: volume }));
  rotateAll(volumes, 'first');
  await source.scan();
  note('under the limit');
  source.shiftClock(3_600);
  rotateAll(volumes, 'second');
  await source.scan();
  note('after a rotation');
  setLimit('1000');
  await source.scan();
  note('with the limit lifted');
  const nudge = source.nudge();
  rotateAll(volumes, 'third');
  await nudge;
  source.look();
  note('after an event');
} finally {
  clearInterval(alive);
  source.close();
  node.remove();
}
process.stdout.write(JSON.stringify(sightings));
