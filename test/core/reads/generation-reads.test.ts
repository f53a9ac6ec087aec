/**
 * Whose opens are whose, from sequences of events as a kubelet, its exporter and workloads cause them.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { observe } from '../../../src/core/reads/generation-reads.ts';
import type { GenerationResult } from '../../../src/core/reads/generation-result.ts';
import { NOW } from '../../support/tokens.ts';
import { CUT, eventsIn, play, resultOf, start, timeAt } from './sequences.ts';

interface Case {
  readonly it: string;
  readonly events: string;
  readonly verdict: GenerationResult['verdict'];
}

const CASES: readonly Case[] = [
  { it: 'finds no read if nothing happens', events: '', verdict: 'unread' },
  {
    it: 'finds no read in whole visits of the kubelet',
    events: `/ t a b .. / b a t .. ${CUT}`,
    verdict: 'unread',
  },
  { it: 'finds no read in a visit cut short at its first file', events: '/ a b t .. / t', verdict: 'unread' },
  {
    it: 'finds no read in a visit cut short before it reaches the token',
    events: '.. / a',
    verdict: 'unread',
  },
  {
    it: 'finds no read in a visit that the rotation follows a drain later',
    events: `${CUT} | `,
    verdict: 'unread',
  },
  {
    it: 'finds no read if the last visit finds the difference in the last file',
    events: '/ a b t',
    verdict: 'unread',
  },
  {
    it: 'finds no read in a visit split by load over two drains',
    events: `/ t | a b .. ${CUT}`,
    verdict: 'unread',
  },
  {
    it: 'finds no read in a visit split over three drains',
    events: `/ | t a | b .. ${CUT}`,
    verdict: 'unread',
  },
  {
    it: 'cannot tell whose a visit is that takes five seconds',
    events: `/ t | | | | a b .. ${CUT}`,
    verdict: 'unknown',
  },
  {
    it: 'finds a read right after the exporter has listed the directory and read it',
    events: `own:/ own:t own:a own:b / t a b t .. ${CUT}`,
    verdict: 'read',
  },
  { it: 'finds no read in the disk usage scan', events: `// / .. // / .. // / ${CUT}`, verdict: 'unread' },
  {
    it: 'finds no read in a disk usage scan right before a visit',
    events: `// / / t a b .. ${CUT}`,
    verdict: 'unread',
  },
  {
    it: 'finds no read in a disk usage scan in the middle of a visit',
    events: `/ t // / a b .. ${CUT}`,
    verdict: 'unread',
  },
  {
    it: 'finds no read in a disk usage scan between the directory and the files of a visit',
    events: `/ // / t a b .. ${CUT}`,
    verdict: 'unread',
  },
  {
    it: 'cannot tell a client that opens each file once, right after a disk usage scan, from a visit',
    events: `// / t a b .. ${CUT}`,
    verdict: 'unknown',
  },
  {
    it: 'cannot tell such a client from a visit in the next drain either',
    events: `// / | t a b .. ${CUT}`,
    verdict: 'unknown',
  },
  {
    it: 'finds such a client without a disk usage scan',
    events: `t a b .. ${CUT}`,
    verdict: 'read',
  },
  {
    it: 'cannot tell such a client from a visit right before another one',
    events: `// / t a b / a b t .. ${CUT}`,
    verdict: 'unknown',
  },
  {
    it: 'cannot tell whose directory was opened if a visit overtakes a disk usage scan',
    events: `// / a b t / .. ${CUT}`,
    verdict: 'unknown',
  },
  { it: 'finds a read after ls of the volume', events: `// t .. ${CUT}`, verdict: 'read' },
  {
    it: 'finds no read in a visit later than ls of the volume',
    events: `// | | | / t a b .. ${CUT}`,
    verdict: 'unread',
  },
  {
    it: 'is not certain who read if the last visit may be a disk usage scan',
    events: '.. // / t',
    verdict: 'unknown',
  },
  { it: 'finds no read in the removal of the old generation', events: `${CUT} /`, verdict: 'unread' },
  { it: 'finds no read if find lists the directory', events: `// / .. // / .. ${CUT}`, verdict: 'unread' },
  {
    it: 'finds no read of the token if others read other files',
    events: `a b .. a .. ${CUT}`,
    verdict: 'unread',
  },
  { it: 'finds a read without an open of the directory', events: `t .. ${CUT}`, verdict: 'read' },
  { it: 'finds a read right after a visit', events: `/ t a b t .. ${CUT}`, verdict: 'read' },
  { it: 'finds a read right before a visit', events: `t / t a b .. ${CUT}`, verdict: 'read' },
  { it: 'finds a read in the middle of a visit', events: `/ t t a b .. ${CUT}`, verdict: 'read' },
  { it: 'finds a read in the middle of the last visit', events: '.. / t a t', verdict: 'read' },
  {
    it: 'finds a read that overlaps with that of the kubelet',
    events: `/ t( t( t) a t) b .. ${CUT}`,
    verdict: 'read',
  },
  {
    it: 'finds a read whose open the kernel merged, by its close',
    events: `/ t( t) a t) b .. ${CUT}`,
    verdict: 'read',
  },
  { it: 'finds a read by a close whose open came before the watch', events: `t) .. ${CUT}`, verdict: 'read' },
  {
    it: 'finds a read at every request',
    events: `${'t '.repeat(100)} | ${'t '.repeat(100)} | ${CUT}`,
    verdict: 'read',
  },
  {
    it: 'finds a read ten seconds after a disk usage scan',
    events: `// / ${'| '.repeat(10)} t .. ${CUT}`,
    verdict: 'read',
  },
  {
    it: 'cannot tell a read right after a disk usage scan',
    events: `// / | t .. ${CUT}`,
    verdict: 'unknown',
  },
  {
    it: 'cannot tell ls and cat from a visit cut short',
    events: `/ t .. / a b t .. ${CUT}`,
    verdict: 'unknown',
  },
  { it: 'finds that one of two cats after ls is no visit', events: `/ t t .. ${CUT}`, verdict: 'read' },
  { it: 'finds ls and cat right before the last visit', events: `/ t ${CUT}`, verdict: 'read' },
  { it: 'finds ls and cat in the middle of a visit', events: `/ / t a t b .. ${CUT}`, verdict: 'read' },
  {
    it: 'is not certain who read if the last visit is mixed with another',
    events: '.. / t / a',
    verdict: 'unknown',
  },
  { it: 'finds no read in opens by the exporter', events: `own:t t .. / t a b .. ${CUT}`, verdict: 'unread' },
  {
    it: 'finds no read in a scan by the exporter',
    events: `own:t own:a own:b / t a b .. ${CUT}`,
    verdict: 'unread',
  },
  {
    it: 'finds no read by the exporter in the middle of a visit',
    events: `/ t own:t t a b .. ${CUT}`,
    verdict: 'unread',
  },
  {
    it: 'finds no read by the exporter merged with the kubelet',
    events: `/ own:t t a b .. ${CUT}`,
    verdict: 'unread',
  },
  { it: 'finds a read next to one by the exporter', events: `own:t t t .. ${CUT}`, verdict: 'read' },
  {
    it: 'cannot tell if an open of the exporter was not seen',
    events: `own:t .. ${CUT}`,
    verdict: 'unknown',
  },
  {
    it: 'cannot tell a read from an open by the exporter that may precede the watch',
    events: `early:t t .. ${CUT}`,
    verdict: 'unknown',
  },
  { it: 'finds a second read after such an open', events: `early:t t t .. ${CUT}`, verdict: 'read' },
  { it: 'finds no read if such an open was not seen', events: `early:t .. ${CUT}`, verdict: 'unread' },
  { it: 'cannot tell once an event is lost', events: `lost .. / a b t .. ${CUT}`, verdict: 'unknown' },
  {
    it: 'cannot tell a read from a visit once an event is lost',
    events: `lost t .. ${CUT}`,
    verdict: 'unknown',
  },
  { it: 'finds a read before an event is lost', events: `t .. lost ${CUT}`, verdict: 'read' },
  {
    it: 'ignores files that the kubelet did not write, and directories',
    events: `x .. x( ${CUT}`,
    verdict: 'unread',
  },
];

describe('the reads of a generation', () => {
  for (const { it: title, events, verdict } of CASES)
    it(title, () => assert.equal(resultOf(events).verdict, verdict));

  it('times a read by the visit that it may belong to, even if it is explained later', () => {
    assert.equal(resultOf(`/ t t .. ${CUT}`).lastReadAt, resultOf(`t .. ${CUT}`).lastReadAt);
  });

  it('are not what the kubelet opens before the queue is read late', () => {
    const begun = observe(start(), eventsIn('/'), timeAt(1_000));
    const late = { ...timeAt(9_000), sinceMs: 1_000 };
    const { foreign, ambiguous } = observe(begun, eventsIn('t a b'), late);
    assert.deepEqual([foreign, ambiguous], [0, 1]);
  });

  it('count with a watch placed up to 5 ms after the swap', () => {
    assert.deepEqual(
      [5, 6, undefined].map((blindMs) => resultOf(CUT, start({ blindMs })).isCounted),
      [true, false, false],
    );
  });

  it('may be hidden by a watch placed more than 50 ms after the swap', () => {
    assert.deepEqual(
      [5, 50, 51].map((blindMs) => resultOf(CUT, start({ blindMs })).mayHideRead),
      [false, false, true],
    );
  });

  it('are found in a generation that is not counted', () => {
    assert.equal(resultOf(`.. t .. ${CUT}`, start({ blindMs: undefined })).verdict, 'read');
  });

  it('are not certain if they may be the rest of a visit that began before the watch', () => {
    assert.equal(resultOf(`t b .. / t a b .. ${CUT}`, start({ blindMs: undefined })).verdict, 'unknown');
  });

  it('are reactions to the rotation within 50 ms', () => {
    assert.deepEqual(
      [50, 51].map((ms) => resultOf('t', start(), ms).isReadAtRotation),
      [true, false],
    );
  });

  it('are reactions to the rotation after a scan by the exporter', () => {
    const { verdict, isReadAtRotation } = resultOf(`own:t own:a own:b / t t a b .. ${CUT}`, start(), 10);
    assert.deepEqual({ verdict, isReadAtRotation }, { verdict: 'read', isReadAtRotation: true });
  });

  it('have the time of the last drain with one', () => {
    const { lastReadAt, lastVisitAt } = resultOf(`t .. t .. / t a b .. ${CUT}`);
    assert.deepEqual({ lastReadAt, lastVisitAt }, { lastReadAt: NOW + 61, lastVisitAt: NOW + 121 });
  });

  it('take memory of a constant size', () => {
    const { state } = play(`${'t / t a b own:t t | '.repeat(1_000)}`);
    assert.ok(JSON.stringify(state).length < 600);
  });
});
