/**
 * The mark of a command while it visits a volume.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'mocha';
import { createCommandOpens } from '../../../src/sources/reads/command-opens.ts';

const PROGRAM = realpathSync(mkdtempSync(join(tmpdir(), 'program-')));

/** How often this process has the folder of the program open. */
function marks(): number {
  const targets = readdirSync('/proc/self/fd').map((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      // That of the listing.
      return '';
    }
  });
  return targets.filter((target) => target === PROGRAM).length;
}

function visitsOf(program: string) {
  const { visits } = createCommandOpens(program);
  assert.ok(visits);
  return visits;
}

describe('the mark of a command', () => {
  after(() => rmdirSync(PROGRAM));

  it('is there once, from the first visit to the end of the last', () => {
    const visits = visitsOf(PROGRAM);
    const seen = [visits.begin, visits.begin, visits.end, visits.end].map((step) => {
      step();
      return marks();
    });
    assert.deepEqual(seen, [1, 1, 1, 0]);
  });

  it('is there in each of many visits, and leaves nothing open', () => {
    const visits = visitsOf(PROGRAM);
    for (let count = 0; count < 600; count += 1) {
      visits.begin();
      visits.end();
    }
    assert.equal(marks(), 0);
  });

  it('is left out if the folder of the program cannot be opened', () => {
    const visits = visitsOf(`${PROGRAM}/nowhere`);
    visits.begin();
    assert.equal(marks(), 0);
    visits.end();
  });
});
