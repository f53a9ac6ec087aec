/**
 * The whole exposition has each series once, for any files and specs: Prometheus drops one of two.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { NO_CLUSTER } from '../../src/core/cluster-facts.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { PER_TOKEN_MODES } from '../../src/core/token/token.ts';
import { trimPod } from '../../src/sources/api-server/resources.ts';
import {
  type Json,
  pod,
  projected,
  STARTED,
  STARTED_AT,
  tokenSource,
} from '../sources/api-server/objects.ts';
import { exposition, familyOptions } from '../support/exposition.ts';
import { expositionProblems } from '../support/exposition-problems.ts';
import { snapshot, troubledNode } from '../support/snapshots.ts';
import { POD_UID } from '../support/tokens.ts';

const AN_HOUR_LATER = STARTED_AT + 3_600;

/** The snapshot of a node whose only pod is in this phase, and has these volumes and no files. */
function missingAllOf(phase: string, ...volumes: readonly Json[]): Snapshot {
  const volumeMounts = volumes.map((volume, index) => ({ name: volume['name'], mountPath: `/mnt/${index}` }));
  const spec = {
    nodeName: 'node-1',
    serviceAccountName: 'api',
    containers: [{ name: 'main', volumeMounts }],
    volumes,
  };
  const trimmed = trimPod(pod({ spec, status: { phase, startTime: STARTED } }))?.value;
  assert.ok(trimmed);
  const cluster = { ...NO_CLUSTER, pods: new Map([[trimmed.uid, trimmed]]) };
  return snapshot({ now: AN_HOUR_LATER, scannedAt: AN_HOUR_LATER, tokens: [], facts: { cluster } });
}

const secret = (name: string): Json => ({ secret: { name } });
const lost = (detail: string) =>
  ({ podUid: POD_UID, volume: 'v', path: '', reason: 'vanished', detail }) as const;

const SNAPSHOTS: readonly {
  readonly of: string;
  readonly make: () => Snapshot;
  readonly hasMissing: boolean;
}[] = [
  { of: 'a troubled node', make: troubledNode, hasMissing: true },
  {
    of: 'a volume that requests one path in several spellings',
    make: () =>
      missingAllOf(
        'Running',
        projected(
          'v',
          ...['d//token', 'd/token', './d/token', 'd/x/../token'].map((path) => tokenSource({ path })),
        ),
      ),
    hasMissing: true,
  },
  {
    of: 'a volume that requests one path for several audiences',
    make: () =>
      missingAllOf('Running', projected('v', tokenSource({ audience: 'a' }), tokenSource({ audience: 'b' }))),
    hasMissing: true,
  },
  {
    of: 'a volume with two missing Secrets of legacy tokens',
    make: () => missingAllOf('Pending', projected('v', secret('one-token-abcde'), secret('two-token-abcde'))),
    hasMissing: true,
  },
  {
    of: 'volumes of the same name',
    make: () => missingAllOf('Running', projected('v', tokenSource()), projected('v', tokenSource())),
    hasMissing: true,
  },
  {
    of: 'an object that failed twice for one reason',
    make: () => snapshot({ unreadable: [lost('one'), lost('another')] }),
    hasMissing: false,
  },
];

describe('the exposition', () => {
  for (const { of, make, hasMissing } of SNAPSHOTS) {
    for (const perToken of PER_TOKEN_MODES) {
      it(`has each series of ${of} once (per token: ${perToken})`, async () => {
        for (const format of ['text', 'openmetrics'] as const) {
          const text = await exposition(make(), format, { options: familyOptions({ perToken }) });
          assert.deepEqual(expositionProblems(text, format), []);
        }
      });
    }

    if (hasMissing) it(`has ${of}`, () => assert.ok(make().missingTokens.length > 0));
  }
});
