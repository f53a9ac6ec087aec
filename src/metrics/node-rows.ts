/**
 * The table of metrics that have series for the node as a whole: counts, and what could not be read.
 *
 * A source with facts of its own adds its rows here, or a table like this one to families.ts and metrics.ts.
 */
import type { Snapshot } from '../core/snapshot.ts';
import { labelText } from './labels.ts';
import type { Metric, Sample } from './metric.ts';

export interface NodeMetric extends Metric {
  /** `node` is the label of that name as text, first in every series. */
  readonly samples: (snapshot: Snapshot, node: string) => readonly Sample[];
}

export function counted(node: string, label: string, counts: ReadonlyMap<string, number>): readonly Sample[] {
  return [...counts].map(([key, value]) => ({ labels: `${node},${labelText({ [label]: key })}`, value }));
}

function single(node: string, value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ labels: node, value }];
}

/** An object can fail twice for one reason, with other details: that is one series. */
function unreadable({ observation }: Snapshot, node: string): readonly Sample[] {
  const texts = observation.unreadable.map(({ podUid, volume, path, reason }) =>
    labelText({ pod_uid: podUid, volume, path, reason }),
  );
  return [...new Set(texts)].map((text) => ({ labels: `${node},${text}`, value: 1 }));
}

export const NODE_METRICS: readonly NodeMetric[] = [
  {
    name: 'satoken_tokens',
    type: 'gauge',
    help: 'Tokens on the node, by kind.',
    labels: ['node', 'kind'],
    samples: ({ byKind }, node) => counted(node, 'kind', byKind),
  },
  {
    name: 'satoken_token_state',
    type: 'gauge',
    help: 'Tokens on the node, by the stage of their life.',
    labels: ['node', 'state'],
    samples: ({ byState }, node) => counted(node, 'state', byState),
  },
  {
    name: 'satoken_problems',
    type: 'gauge',
    help: 'Tokens that fail a check, or are missing, by reason.',
    labels: ['node', 'reason'],
    samples: ({ problems }, node) => counted(node, 'reason', problems),
  },
  {
    name: 'satoken_check_unknown',
    type: 'gauge',
    help: 'Tokens that a check cannot judge, by reason.',
    labels: ['node', 'reason'],
    samples: ({ unknowns }, node) => counted(node, 'reason', unknowns),
  },
  {
    name: 'satoken_unreadable',
    type: 'gauge',
    help: 'An object that could not be read, and why.',
    labels: ['node', 'pod_uid', 'volume', 'path', 'reason'],
    samples: unreadable,
  },
  {
    name: 'satoken_last_scan_timestamp_seconds',
    type: 'gauge',
    help: 'When the last full pass over the node ended.',
    labels: ['node'],
    samples: ({ observation }, node) => single(node, observation.scannedAt),
  },
  {
    name: 'satoken_scan_duration_seconds',
    type: 'gauge',
    help: 'How long the last full pass over the node took.',
    labels: ['node'],
    samples: ({ observation }, node) => single(node, observation.scanSeconds),
  },
  {
    name: 'satoken_watches',
    type: 'gauge',
    help: 'Folders under watch; changes in others show at the next pass.',
    labels: ['node'],
    samples: ({ observation }, node) => single(node, observation.watches),
  },
];
