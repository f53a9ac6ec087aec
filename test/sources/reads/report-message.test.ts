/**
 * Reports between the threads: what is packed comes out again.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { ReadEvent } from '../../../src/core/reads/read-event.ts';
import { type Drained, LOSSES, type Report } from '../../../src/sources/reads/protocol.ts';
import { packReport, unpackReport } from '../../../src/sources/reads/report-message.ts';

const plain = { noNullPrototype: true } as const;

const anEvent = fc.record<ReadEvent>(
  {
    kind: fc.constantFrom('volume_opened', 'folder_opened', 'opened', 'closed'),
    name: fc.string({ unit: 'grapheme', maxLength: 8 }),
  },
  plain,
);
const aFolder = fc.record<Drained>(
  {
    watch: fc.nat(),
    events: fc.array(anEvent, { maxLength: 6 }),
    isLossy: fc.boolean(),
    hasEnded: fc.boolean(),
    sinceSwapMs: fc.option(fc.double({ min: 0, noNaN: true }), { nil: undefined }),
  },
  plain,
);

function reportOf(drained: readonly Drained[]): Report {
  const rest = { readAt: 1_700_000_000.5, losses: LOSSES, folders: 4, isLimited: true, tookMs: 0.25 };
  return { ...rest, started: [], drained };
}

/** As the other thread gets it. */
function passed(report: Report): Report {
  return unpackReport(structuredClone(packReport(report)));
}

describe('a report that is passed to the other thread', () => {
  it('is the same there, with any events of any number of folders', () => {
    const folders = fc.array(aFolder, { maxLength: 8 });
    fc.assert(
      fc.property(folders, (drained) => assert.deepEqual(passed(reportOf(drained)), reportOf(drained))),
    );
  });

  it('has an event once that several folders share', () => {
    const opened: ReadEvent = { kind: 'opened', name: 'token' };
    const folder = { watch: 1, isLossy: false, hasEnded: false, sinceSwapMs: undefined };
    const report = reportOf([
      { ...folder, events: [opened, opened] },
      { ...folder, events: [opened] },
    ]);
    assert.deepEqual(packReport(report).events, [opened]);
    assert.deepEqual(passed(report), report);
  });
});
