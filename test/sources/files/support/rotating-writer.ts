/**
 * Rotates a volume as fast as possible until it is killed. A test runs this script as a process.
 *
 * Argument: the directory of the volume. Prints "ready" once the volume has content. All files of a generation hold
 * the same token.
 */
import { writeAtomically } from '../../../../simulator/kubelet/atomic-writer.ts';
import { nextToken } from './test-node.ts';

const [directory = ''] = process.argv.slice(2);
const options = { now: Date.now() / 1_000, fsGroup: undefined, isRoot: process.getuid?.() === 0 };

const payloads = Array.from({ length: 64 }, () => {
  const content = nextToken();
  const file = { content, mode: 0o644, uid: undefined };
  return new Map(['first', 'sub/second', 'ca.crt'].map((path) => [path, file] as const));
});

let round = 0;
const rotate = (): void => {
  const payload = payloads[round % payloads.length];
  if (payload !== undefined) writeAtomically(directory, payload, options);
  round += 1;
};

rotate();
process.stdout.write('ready\n');
for (;;) rotate();
