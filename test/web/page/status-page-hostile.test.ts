/**
 * The page escapes hostile text in every field of a token, of a snapshot and of the exporter, one at a time.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RUNBOOKS } from '../../../src/core/runbook.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import { NO_FILTER } from '../../../src/web/page/filter.ts';
import { atOnce } from '../../../src/web/page/slices.ts';
import { statusPage } from '../../../src/web/page/status-page.ts';
import { snapshot, troubledNode } from '../../support/snapshots.ts';
import { token } from '../../support/tokens.ts';

const HOSTILE = `"'><script>&\u202E`;
const ESCAPED = '&quot;&#39;&gt;&lt;script&gt;&amp;\u{FFFD}';

/** The paths to all strings in a value, by keys of objects and indices of arrays. Maps are skipped. */
function pathsOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value === 'string') return [path];
  if (typeof value !== 'object' || value === null || value instanceof Map) return [];
  return Object.entries(value).flatMap(([key, below]) => pathsOf(below, [...path, key]));
}

/** A copy of the value with the string at the path replaced. */
function replaced<T>(value: T, [key, ...rest]: readonly string[], text: string): T {
  if (key === undefined) return text as T;
  const below = replaced((value as Record<string, unknown>)[key], rest, text);
  if (Array.isArray(value)) return value.with(Number(key), below) as T;
  return { ...value, [key]: below };
}

const PAGE = {
  node: 'node-1',
  version: '1',
  telemetryPath: '/metrics',
  runbooks: RUNBOOKS,
  filter: NO_FILTER,
};

function pageOf(of: Snapshot): string {
  return atOnce(statusPage({ ...PAGE, snapshot: of }));
}

function assertEscaped(page: string): void {
  assert.doesNotMatch(page, /<script|\u202E/);
  assert.equal(page.split(HOSTILE.slice(0, 3)).length, 1);
}

describe('hostile text in a token', () => {
  const made = token();
  const paths = pathsOf(made);
  const isShown = new Set(
    ['namespace', 'pod', 'serviceAccount', 'volume', 'path'].map((key) => `identity.${key}`),
  ).add('claims.audiences.0');

  for (const path of paths) {
    it(`is escaped in ${path.join('.')}`, () => {
      const hostile = replaced(made, path, HOSTILE);
      const { identity } = hostile;
      const of = snapshot({ tokens: [hostile] });
      // A snapshot takes the names of the pod from elsewhere.
      const assessments = of.assessments.map((one) => ({ ...one, token: { ...one.token, identity } }));
      const page = pageOf({ ...of, assessments });
      assertEscaped(page);
      if (isShown.has(path.join('.'))) assert.ok(page.includes(ESCAPED));
    });
  }

  it('is tested in every field that the page shows', () => {
    const walked = paths.map((path) => path.join('.'));
    assert.deepEqual(
      [...isShown].filter((path) => !walked.includes(path)),
      [],
    );
  });
});

describe('hostile text in a snapshot', () => {
  const made = troubledNode();
  for (const [list, items] of Object.entries({
    unreadable: made.observation.unreadable.slice(0, 1),
    missingTokens: made.missingTokens.slice(0, 1),
    assessments: made.assessments.filter(({ failures }) => failures.length > 0).slice(0, 1),
  }))
    for (const path of pathsOf(items))
      it(`is escaped in ${list}.${path.join('.')}`, () => {
        const hostile = replaced<readonly unknown[]>(items, path, HOSTILE);
        const of = { ...made, [list]: hostile, observation: { ...made.observation, [list]: hostile } };
        assertEscaped(pageOf(of));
      });

  it('is escaped in counts, resources and causes', () => {
    const counted = new Map([[HOSTILE, 1]]);
    const counts = {
      byState: counted,
      problems: counted,
      unknowns: counted,
      byCause: counted,
      tokenless: counted,
    };
    const cluster = { ...made.cluster, resources: new Map([[HOSTILE, { isUp: false, failure: HOSTILE }]]) };
    assertEscaped(pageOf({ ...made, ...counts, cluster } as unknown as Snapshot));
  });
});

describe('hostile text in the options of the exporter', () => {
  for (const part of ['node', 'version', 'telemetryPath', 'runbooks'] as const)
    it(`is escaped in ${part}`, () => {
      const text = atOnce(statusPage({ ...PAGE, snapshot: troubledNode(), [part]: `/${HOSTILE}` }));
      assertEscaped(text);
      assert.ok(text.includes(ESCAPED));
    });

  it('is escaped in the filter', () => {
    const filter = { ...NO_FILTER, text: HOSTILE };
    const text = atOnce(statusPage({ ...PAGE, filter, snapshot: snapshot() }));
    assertEscaped(text);
    assert.ok(text.includes(`value="${ESCAPED}"`));
  });
});
