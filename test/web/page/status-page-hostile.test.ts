/**
 * The page of a node whose pods choose their names with care: every text that reaches it, one by one.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RUNBOOKS } from '../../../src/core/runbook.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import { NO_FILTER } from '../../../src/web/page/filter.ts';
import { statusPage } from '../../../src/web/page/status-page.ts';
import { snapshot, troubledNode } from '../../support/snapshots.ts';
import { token } from '../../support/tokens.ts';

const HOSTILE = `"'><script>&\u202E`;
const ESCAPED = '&quot;&#39;&gt;&lt;script&gt;&amp;\u{FFFD}';

/** Ways to all texts below a value: keys of objects, indices of arrays, keys and values of maps. */
function pathsOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value === 'string') return [path];
  if (typeof value !== 'object' || value === null || value instanceof Map) return [];
  return Object.entries(value).flatMap(([key, below]) => pathsOf(below, [...path, key]));
}

/** The value with the text at the end of the way replaced. */
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
  return statusPage({ ...PAGE, snapshot: of });
}

/** What a page may never hold, whoever chose the names. */
function assertHarmless(page: string): void {
  assert.doesNotMatch(page, /<script|\u202E/);
  assert.equal(page.split(HOSTILE.slice(0, 3)).length, 1);
}

describe('hostile texts of a token', () => {
  const made = token();
  const paths = pathsOf(made);
  const isShown = new Set(
    ['namespace', 'pod', 'serviceAccount', 'volume', 'path'].map((key) => `identity.${key}`),
  ).add('claims.audiences.0');

  for (const path of paths) {
    it(`stay text: ${path.join('.')}`, () => {
      const page = pageOf(snapshot({ tokens: [replaced(made, path, HOSTILE)] }));
      assertHarmless(page);
      if (isShown.has(path.join('.'))) assert.ok(page.includes(ESCAPED));
    });
  }

  it('are all there to be walked over', () => {
    const walked = paths.map((path) => path.join('.'));
    assert.deepEqual(
      [...isShown].filter((path) => !walked.includes(path)),
      [],
    );
  });
});

describe('hostile texts of a snapshot', () => {
  const made = troubledNode();
  for (const [list, items] of Object.entries({
    unreadable: made.observation.unreadable.slice(0, 1),
    missingTokens: made.missingTokens.slice(0, 1),
    assessments: made.assessments.filter(({ failures }) => failures.length > 0).slice(0, 1),
  }))
    for (const path of pathsOf(items))
      it(`stay text: ${list}.${path.join('.')}`, () => {
        const hostile = replaced<readonly unknown[]>(items, path, HOSTILE);
        const of = { ...made, [list]: hostile, observation: { ...made.observation, [list]: hostile } };
        assertHarmless(pageOf(of));
      });

  it('stay text: counts, resources and causes', () => {
    const counted = new Map([[HOSTILE, 1]]);
    const counts = {
      byState: counted,
      problems: counted,
      unknowns: counted,
      byCause: counted,
      tokenless: counted,
    };
    const cluster = { ...made.cluster, resources: new Map([[HOSTILE, { isUp: false, failure: HOSTILE }]]) };
    assertHarmless(pageOf({ ...made, ...counts, cluster } as unknown as Snapshot));
  });
});

describe('hostile texts of the exporter', () => {
  for (const part of ['node', 'version', 'telemetryPath', 'runbooks'] as const)
    it(`stay text: ${part}`, () => {
      const text = statusPage({ ...PAGE, snapshot: troubledNode(), [part]: `/${HOSTILE}` });
      assertHarmless(text);
      assert.ok(text.includes(ESCAPED));
    });

  it('stay text: what is asked for', () => {
    const filter = { ...NO_FILTER, text: HOSTILE };
    const text = statusPage({ ...PAGE, filter, snapshot: snapshot() });
    assertHarmless(text);
    assert.ok(text.includes(`value="${ESCAPED}"`));
  });
});
