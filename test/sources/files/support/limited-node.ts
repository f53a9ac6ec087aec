/**
 * Watches a node under a limit of the kernel. A test runs this script in a user namespace, where limits can be set.
 *
 * Arguments: the name of the limit under /proc/sys/user, and its value. Prints the observations as one line of JSON.
 */
import { writeFileSync } from 'node:fs';
import { createNode, nextToken, type TestVolume } from './test-node.ts';
import { createSource } from './test-source.ts';

/** What is observed at one stage. */
export interface Stage {
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
const stages: Stage[] = [];

function note(at: string): void {
  const { watchFailures, rotations } = source;
  const { watches } = source.observe();
  stages.push({
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

/** Watches do not keep the process alive while it waits for an event. */
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
  note('with the limit raised');
  const nudge = source.nudge();
  rotateAll(volumes, 'third');
  await nudge;
  await source.refresh();
  note('after an event');
} finally {
  clearInterval(alive);
  source.close();
  node.remove();
}
process.stdout.write(JSON.stringify(stages));
