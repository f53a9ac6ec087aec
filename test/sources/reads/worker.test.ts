/**
 * The thread that watches: what it reports by itself, and that it ends.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, it } from 'mocha';
import { type Report, SHARED_WORDS } from '../../../src/sources/reads/protocol.ts';
import { startWatchThread, type WatchThread } from '../../../src/sources/reads/worker.ts';
import { describeWith } from '../../support/tools.ts';
import { createNode, type TestNode, type TestVolume } from '../files/support/test-node.ts';
import { open } from './support/watched-node.ts';

const FILE = new URL(import.meta.resolve('../../../src/reads-worker.ts')).pathname;
const READ = [
  { kind: 'opened', name: 'token' },
  { kind: 'closed', name: 'token' },
];

describeWith(['foreign functions'], 'the thread that watches the folders of tokens', () => {
  let node: TestNode;
  let thread: WatchThread;
  let volume: TestVolume;
  const reports = new EventTarget();

  beforeEach(() => {
    node = createNode();
    volume = node.volume();
    volume.write({ token: 'first' });
    const shared = new Int32Array(new SharedArrayBuffer(4 * SHARED_WORDS));
    const onReport = (report: Report): void => {
      reports.dispatchEvent(new CustomEvent('report', { detail: report }));
    };
    thread = startWatchThread({ file: FILE, shared, onReport, onFailure: assert.fail });
  });
  afterEach(async () => {
    thread.stop();
    await thread.ended;
    node.remove();
  });

  /** The first report that the function finds something in. */
  async function reported<T>(find: (report: Report) => T | undefined): Promise<T> {
    for (;;) {
      const [event] = (await once(reports, 'report')) as [CustomEvent<Report>];
      const found = find(event.detail);
      if (found !== undefined) return found;
    }
  }

  const start = () => reported(({ started }) => started[0]);
  const events = () => reported(({ drained }) => drained.find((one) => one.events.length > 0));

  it('reports opens, follows a swap, and reports opens of the new generation', async () => {
    thread.send({ kind: 'watch', target: { id: 7, folder: volume.location.directory, holders: [''] } });
    const first = await start();
    assert.deepEqual([first.id, first.files, first.blindMs], [7, ['token'], undefined]);
    open(volume, 'token');
    assert.deepEqual((await events()).events, READ);
    volume.write({ token: 'second' });
    const second = await start();
    assert.notEqual(second.blindMs, undefined);
    open(volume, 'token');
    const { watch, events: seen, sinceSwapMs } = await events();
    assert.deepEqual([watch, seen], [second.watch, READ]);
    assert.ok(sinceSwapMs !== undefined && sinceSwapMs > 0);
  });

  it('reports that it is alive while nothing happens', async () => {
    const { drained, losses, folders } = await reported((report) => report);
    assert.deepEqual([drained, losses, folders], [[], [], 0]);
  });

  it('says when the opens were at the latest, give or take a second', async () => {
    const before = Date.now() / 1_000;
    const first = await reported(({ readAt }) => readAt);
    const second = await reported(({ readAt }) => readAt);
    const late = second - first;
    assert.ok(before - 1 <= first && late >= 0 && second <= Date.now() / 1_000);
  });

  it('stops watching a volume', async () => {
    thread.send({ kind: 'watch', target: { id: 7, folder: volume.location.directory, holders: [''] } });
    await start();
    thread.send({ kind: 'unwatch', id: 7 });
    assert.equal(await reported(({ folders }) => (folders === 0 ? 'none' : undefined)), 'none');
  });

  it('ends while it waits', async () => {
    await reported((report) => report);
    thread.stop();
    await thread.ended;
  });
});
