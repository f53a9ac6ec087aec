/**
 * The table of metrics that need the API server, or the exporter's own pod, beside the token files.
 *
 * Without either they have no series, but for the counts of what is known from files.
 */
import { type KeyInUse, keysInUse } from '../core/keys-in-use.ts';
import { isOnSchedule } from '../core/rotation.ts';
import { findCanary, runSelfChecks } from '../core/self-check.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { labelText } from './labels.ts';
import type { Sample } from './metric.ts';
import { counted, type NodeMetric } from './node-rows.ts';

const PUBLISHED = new Map([
  [true, 'yes'],
  [false, 'no'],
  [undefined, 'unknown'],
]);

function keys({ observation, cluster }: Snapshot): readonly KeyInUse[] {
  return keysInUse(observation.tokens, cluster.authority);
}

function flags(node: string, label: string, values: Iterable<readonly [string, boolean]>): readonly Sample[] {
  return Array.from(values, ([key, isTrue]) => ({
    labels: `${node},${labelText({ [label]: key })}`,
    value: Number(isTrue),
  }));
}

/** A series of the canary; none where the exporter does not know its pod, or the canary has no such value. */
function canary(
  name: string,
  help: string,
  value: (found: ReturnType<typeof findCanary>) => number | undefined,
): NodeMetric {
  return {
    name,
    help,
    type: 'gauge',
    labels: ['node'],
    samples: ({ assessments, self }, node) => {
      const found = self === undefined ? undefined : value(findCanary(assessments, self));
      return found === undefined ? [] : [{ labels: node, value: found }];
    },
  };
}

export const CLUSTER_METRICS: readonly NodeMetric[] = [
  {
    name: 'satoken_overdue_cause',
    type: 'gauge',
    help: 'Tokens that the kubelet has not replaced in time, or never will, by cause.',
    labels: ['node', 'cause'],
    samples: ({ byCause }, node) => counted(node, 'cause', byCause),
  },
  {
    name: 'satoken_tokens_by_key',
    type: 'gauge',
    help: 'Tokens on the node by the key that signed them, and whether the API server publishes it.',
    labels: ['node', 'issuer', 'key_id', 'published'],
    samples: (snapshot, node) =>
      keys(snapshot).map(({ issuer, keyId, isPublished, tokens }) => ({
        labels: `${node},${labelText({ issuer, key_id: keyId, published: PUBLISHED.get(isPublished) ?? '' })}`,
        value: tokens,
      })),
  },
  {
    name: 'satoken_key_last_expiration_timestamp_seconds',
    type: 'gauge',
    help: 'When the last token on the node expires that the key signed; +Inf where one never does.',
    labels: ['node', 'issuer', 'key_id'],
    samples: (snapshot, node) =>
      keys(snapshot).map(({ issuer, keyId, lastExpiration }) => ({
        labels: `${node},${labelText({ issuer, key_id: keyId })}`,
        value: lastExpiration,
      })),
  },
  {
    name: 'satoken_pods_without_token',
    type: 'gauge',
    help: 'Pods of the node that ask for no token, by reason.',
    labels: ['node', 'reason'],
    samples: ({ tokenless }, node) => counted(node, 'reason', tokenless),
  },
  {
    name: 'satoken_self_view',
    type: 'gauge',
    help: 'Whether the exporter sees its own tokens as it should, by check.',
    labels: ['node', 'check'],
    samples: ({ observation, self }, node) => flags(node, 'check', runSelfChecks(observation, self)),
  },
  canary(
    'satoken_canary_issued_timestamp_seconds',
    "When the canary's token was issued.",
    (found) => found?.token.claims.issuedAt,
  ),
  canary(
    'satoken_canary_refresh_due_timestamp_seconds',
    "When the kubelet should replace the canary's token.",
    (found) => found?.schedule.refreshDue,
  ),
  canary('satoken_canary_healthy', "Whether the canary's token is there and replaced in time.", (found) =>
    Number(isOnSchedule(found?.state)),
  ),
  {
    name: 'satoken_cluster_up',
    type: 'gauge',
    help: 'Whether what is known from the API server is current, by resource.',
    labels: ['node', 'resource'],
    samples: ({ cluster }, node) =>
      flags(
        node,
        'resource',
        [...cluster.resources].map(([resource, { isUp }]) => [resource, isUp] as const),
      ),
  },
  {
    name: 'satoken_cluster_failure',
    type: 'gauge',
    help: 'Why what is known from the API server is not current; absent while it is.',
    labels: ['node', 'resource', 'reason'],
    samples: ({ cluster }, node) =>
      [...cluster.resources].flatMap(([resource, state]) =>
        state.isUp ? [] : [{ labels: `${node},${labelText({ resource, reason: state.failure })}`, value: 1 }],
      ),
  },
];
