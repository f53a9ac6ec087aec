/**
 * The rules in small groups are the same, and each recording is in the group of the first alert that needs it, or before.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { GROUPS } from '../../alerts/groups.ts';
import type { Group } from '../../alerts/rule.ts';
import { MAX_RULES, smallGroups } from '../../alerts/small-groups.ts';

const PARTS = smallGroups(GROUPS);
const alertsOf = (groups: readonly Group[]) => groups.flatMap(({ alerts }) => alerts);
const recordsOf = (groups: readonly Group[]) =>
  groups.flatMap(({ recordings }) => recordings.map(({ record }) => record));

describe('the rules in small groups', () => {
  it('have no group with more rules than Mimir takes by default', () => {
    for (const { name, recordings, alerts } of PARTS)
      assert.ok(recordings.length + alerts.length <= MAX_RULES, name);
  });
  it('are the same rules', () => {
    const namesOf = (groups: readonly Group[]) =>
      alertsOf(groups).map(({ name, severity, expr }) => `${name} ${severity} ${expr}`);
    assert.deepEqual(namesOf(PARTS).toSorted(), namesOf(GROUPS).toSorted());
    assert.deepEqual(recordsOf(PARTS).toSorted(), recordsOf(GROUPS).toSorted());
  });
  it('have the alerts on late tokens in one group with those that inhibit them from the same evaluation on', () => {
    assert.deepEqual(
      PARTS[0]?.alerts.map(({ name, severity }) => `${name} ${severity}`),
      [
        'SATokenRotationStalledFleet info',
        'SATokenWorkloadRotationOverdue info',
        'SATokenWorkloadRotationOverdue critical',
        'SATokenNodeRotationStalled critical',
        'SATokenCanaryLate warning',
        'SATokenRotationOverdue warning',
        'SATokenRotationOverdue critical',
        'SATokenExpired critical',
      ],
    );
  });
  it('are needed for the number of rules that the documentation says', () => {
    const [{ recordings, alerts }] = GROUPS as [Group];
    const text = readFileSync(new URL('../../docs/alerts.md', import.meta.url), 'utf8');
    assert.match(text, new RegExp(`limit: ${MAX_RULES} actual: ${recordings.length + alerts.length}\\)`));
  });
  it('have different names of groups', () => {
    const names = PARTS.map(({ name }) => name);
    assert.deepEqual(names, [...new Set(names)]);
  });
  it('record nothing after a rule that uses it', () => {
    for (const [index, { recordings, alerts }] of PARTS.entries()) {
      const later = recordsOf(PARTS.slice(index + 1));
      for (const { expr } of [...recordings, ...alerts])
        assert.deepEqual(
          later.filter((record) => new RegExp(`${record}(?![\\w:])`).test(expr)),
          [],
        );
    }
  });
  it('keep the order of recordings in a group', () => {
    const all = recordsOf(GROUPS);
    for (const { recordings, name } of PARTS) {
      const places = recordings.map(({ record }) => all.indexOf(record));
      assert.deepEqual(
        places,
        places.toSorted((a, b) => a - b),
        name,
      );
    }
  });
});
