/**
 * Watches volumes under a limit of the kernel. A test runs this script in a user namespace, where limits can be set.
 *
 * Arguments: the name of the limit under /proc/sys/user, and its value. Prints what was found as JSON.
 */
import { writeFileSync } from 'node:fs';
import { SHARED_WORDS } from '../../../../src/sources/reads/protocol.ts';
import { loadLibc } from '../../../../src/sources/reads/thread/libc.ts';
import { runWatchLoop } from '../../../../src/sources/reads/thread/watch-loop.ts';
import { createNode } from '../../files/support/test-node.ts';
import { createWatchedNode } from './watched-node.ts';

export interface LimitedStage {
  readonly failure?: string;
  /** Number of folders that are watched under the limit. */
  readonly started?: number;
  readonly losses?: readonly string[];
  /** What is lost at the next look. */
  readonly later?: readonly string[];
  /** Number of folders that are watched a minute after the limit was raised. */
  readonly afterMinute?: number;
}

const [name = '', value = ''] = process.argv.slice(2);
const setLimit = (limit: string): void => writeFileSync(`/proc/sys/user/${name}`, limit);

function runLoop(): LimitedStage {
  const shared = new Int32Array(new SharedArrayBuffer(4 * SHARED_WORDS));
  const none = () => undefined;
  const options = { libc: loadLibc(), receive: none, post: none, shared, collectGarbage: none, program: '/' };
  const failure = runWatchLoop({ ...options, now: Date.now, monotonicMs: () => performance.now() });
  return failure === undefined ? {} : { failure };
}

function watchVolumes(): LimitedStage {
  const node = createNode();
  const watched = createWatchedNode();
  try {
    for (const volume of ['one', 'two', 'three'].map((one) => node.volume({ name: one }))) {
      volume.write({ token: 'x' });
      watched.watch(volume);
    }
    const { started, losses } = watched.step();
    watched.verify();
    const { losses: later } = watched.step();
    setLimit('1000');
    watched.pass(60_000);
    watched.verify();
    watched.step();
    return { started: started.length, losses, later, afterMinute: watched.counts()[1] };
  } finally {
    watched.close();
    node.remove();
  }
}

setLimit(value);
process.stdout.write(JSON.stringify(name === 'max_inotify_instances' ? runLoop() : watchVolumes()));
