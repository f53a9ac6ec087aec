/**
 * Rotates a volume as fast as it can until it is killed: run by a test as a process of its own.
 *
 * Arguments: the volume's folder. Says "ready" once the volume is filled. Both tokens of a generation share one id.
 */
import { writeAtomically } from '../../../simulator/kubelet/atomic-writer.ts';
import { nextToken } from '../../support/volumes.ts';

const [folder = ''] = process.argv.slice(2);
const options = { now: Date.now() / 1_000, fsGroup: undefined, isRoot: process.getuid?.() === 0 };

const payloads = Array.from({ length: 64 }, () => {
  const content = nextToken();
  const file = { content, mode: 0o644, uid: undefined };
  return new Map(['first', 'sub/second', 'ca.crt'].map((path) => [path, file] as const));
});

let round = 0;
const rotate = (): void => {
  const payload = payloads[round % payloads.length];
  if (payload !== undefined) writeAtomically(folder, payload, options);
  round += 1;
};

rotate();
process.stdout.write('ready\n');
for (;;) rotate();
