/**
 * Cases of the alerts that go by more than one check: a node that stalls, bands, clusters, and what must stay apart.
 */
import { ALERTS } from '../../alerts/groups.ts';
import { ROWS } from './problem-rows.ts';
import { type Case, type Firing, fires, keepsFiring, silent } from './promtool.ts';
import { problem, problems, scraped, series, TOKEN, TOKEN_WORDS } from './series.ts';

const cause = (name: string, values: string) => ({
  [scraped('satoken_overdue_cause', { cause: name })]: values,
});

const stalled: Firing = {
  labels: { node: 'node-1' },
  description:
    'Node node-1: 7 tokens of several pods are late, and no token of the node was replaced since the first of them should have been. Check first: systemctl status kubelet on the node, and whether the node reaches the API server.',
};

const STALL_CASES: readonly Case[] = [
  {
    it: 'a node that replaces no token is told after 5 minutes',
    series: cause('node_wide', '7x20'),
    expect: fires('SATokenNodeRotationStalled', 5, stalled),
  },
  {
    it: 'a node that stalls is told in time though single scrapes fail',
    series: cause('node_wide', '7 7 _ 7 7 _ _ 7x10'),
    expect: [
      ...fires('SATokenNodeRotationStalled', 5, stalled),
      ...keepsFiring('SATokenNodeRotationStalled', stalled, 6, 7),
    ],
  },
  {
    it: 'a node that recovers stays told of until its last tokens are replaced',
    series: cause('node_wide', '7x10 0x60'),
    expect: [
      ...keepsFiring('SATokenNodeRotationStalled', stalled, 11, 19),
      ...silent('SATokenNodeRotationStalled', 22),
    ],
  },
  {
    it: 'tokens that are late each for a reason of its own make no stalled node',
    series: {
      ...cause('node_wide', '0x60'),
      ...cause('unknown', '9x60'),
      ...cause('pod_terminating', '9x60'),
    },
    expect: silent('SATokenNodeRotationStalled', 5, 30, 60),
  },
  {
    it: 'a node of which nothing is known makes no stalled node',
    series: {},
    expect: silent('SATokenNodeRotationStalled', 60),
  },
];

const late = {
  labels: { ...TOKEN, reason: 'rotation_overdue' },
  description: `${TOKEN_WORDS}: not replaced in time. Check first: the events of the pod (kubectl describe pod), then the kubelet's log on the node.`,
};
const lateWarning: Firing = { ...late, severity: 'warning' };
const lateCritical: Firing = { ...late, severity: 'critical' };

const times = (due: number, expiration: number, length: number) => ({
  [scraped('satoken_refresh_due_timestamp_seconds', TOKEN)]: `${due}x${length}`,
  [scraped('satoken_expiration_timestamp_seconds', TOKEN)]: `${expiration}x${length}`,
});

const MINUTE = 60;

const BAND_CASES: readonly Case[] = [
  {
    // Due at minute 10, expired at minute 250: three quarters of that are over at minute 190.
    it: 'a late token is critical once three quarters of its time are used up, and a warning all along',
    series: {
      ...times(10 * MINUTE, 250 * MINUTE, 300),
      ...problem('rotation_overdue', '_x20 1x280'),
    },
    expect: [
      ...fires('SATokenRotationOverdue', 30, lateWarning).slice(1),
      { alert: 'SATokenRotationOverdue', at: 195, fire: [lateWarning] },
      { alert: 'SATokenRotationOverdue', at: 196, fire: [lateWarning, lateCritical] },
      { alert: 'SATokenRotationOverdue', at: 300, fire: [lateWarning, lateCritical] },
    ],
  },
  {
    it: 'a late token is no longer critical once it was replaced',
    series: {
      ...times(10 * MINUTE, 50 * MINUTE, 60),
      ...problem('rotation_overdue', '_x20 1x40 stale'),
    },
    expect: [
      { alert: 'SATokenRotationOverdue', at: 60, fire: [lateWarning, lateCritical] },
      ...silent('SATokenRotationOverdue', 65),
    ],
  },
  {
    it: 'a token that the API server extends to a year is not critical within the first months',
    series: { ...times(48 * MINUTE, 525_600 * MINUTE, 250), ...problem('rotation_overdue', '_x60 1x190') },
    expect: [{ alert: 'SATokenRotationOverdue', at: 250, fire: [lateWarning] }],
  },
  {
    it: 'a late token of which no times are known is a warning',
    series: problem('rotation_overdue', '1x250'),
    expect: [{ alert: 'SATokenRotationOverdue', at: 250, fire: [lateWarning] }],
  },
  {
    it: 'the time of one token that is used up says nothing of another',
    series: {
      ...times(10 * MINUTE, 50 * MINUTE, 100),
      ...problem('rotation_overdue', '1x100', { pod: 'other', pod_uid: 'uid-2' }),
    },
    expect: [
      {
        alert: 'SATokenRotationOverdue',
        at: 100,
        fire: [
          {
            severity: 'warning',
            labels: { ...late.labels, pod: 'other', pod_uid: 'uid-2' },
            description: late.description.replace('api-0', 'other'),
          },
        ],
      },
    ],
  },
];

const CLOCK_CASES: readonly Case[] = [
  {
    it: 'tokens that begin in the future are told once for their node',
    series: {
      ...problem('not_yet_valid', '1x20'),
      ...problem('not_yet_valid', '1x20', { pod: 'api-1', pod_uid: 'uid-2' }),
      ...problems('not_yet_valid', '2x20'),
    },
    expect: fires('SATokenNotYetValid', 5, {
      labels: { node: 'node-1' },
      description:
        'Node node-1: tokens begin in the future (2) and are refused until then. Check first: timedatectl status on the node and on the control plane.',
    }),
  },
  {
    it: 'a clock that is right again in time is not told of',
    series: problems('not_yet_valid', '2x3 0x20'),
    expect: silent('SATokenNotYetValid', 3, 5, 20),
  },
];

const unknownKey = (cluster: string): Firing => ({
  labels: { cluster },
  description:
    'Tokens are signed with a key that the API server does not publish (40), and are refused. Check first: whether --service-account-key-file of every API server still names the former key.',
});

const APART_CASES: readonly Case[] = [
  {
    it: 'a key that is changed in two clusters of 20 nodes makes two alerts',
    series: Object.assign(
      {},
      ...['east', 'west'].flatMap((cluster) =>
        Array.from({ length: 20 }, (_, index) =>
          problems('signing_key_unknown', '2x20', { cluster, node: `node-${index}` }),
        ),
      ),
    ),
    expect: fires('SATokenSigningKeyUnknown', 5, unknownKey('east'), unknownKey('west')),
  },
  {
    it: 'a pod of the same name that terminates in another cluster excuses nothing',
    series: {
      ...problem('expired', '1x20', { cluster: 'east' }),
      [series('kube_pod_deletion_timestamp', { cluster: 'west', namespace: 'payments', pod: 'api-0' })]:
        '100x20',
    },
    expect: [
      {
        alert: 'SATokenExpired',
        at: 5,
        fire: [
          {
            labels: { cluster: 'east', ...TOKEN, reason: 'expired' },
            description: `${TOKEN_WORDS}: expired, and refused by whoever it is shown to. Check first: the events of the pod (kubectl describe pod), FailedMount names what the refresh fails on.`,
          },
        ],
      },
    ],
  },
  {
    it: 'a token that does not name its pod is told of by the uid of its folder',
    series: problem('expired', '1x20', { pod: '' }),
    expect: [
      {
        alert: 'SATokenExpired',
        at: 5,
        fire: [
          {
            labels: Object.fromEntries(
              Object.entries({ ...TOKEN, reason: 'expired' }).filter(([label]) => label !== 'pod'),
            ),
            description:
              'Token token in volume vault-token of pod payments/uid-1 on node node-1: expired, and refused by whoever it is shown to. Check first: the events of the pod (kubectl describe pod), FailedMount names what the refresh fails on.',
          },
        ],
      },
    ],
  },
];

/** Every other alert, whatever the reason. */
const ALONE_CASES: readonly Case[] = ROWS.map(({ reason, alert }) => ({
  it: `${reason} is told by ${alert} alone`,
  series: {
    [series('up', { job: 'sa-token-exporter' })]: '1x65',
    ...problem(reason, '1x65'),
    ...problems(reason, '1x65'),
  },
  expect: [...new Set(ALERTS.map(({ name }) => name))]
    .filter((name) => name !== alert)
    .flatMap((name) => silent(name, 65)),
}));

export const NODE_CASES: readonly Case[] = [
  ...STALL_CASES,
  ...BAND_CASES,
  ...CLOCK_CASES,
  ...APART_CASES,
  ...ALONE_CASES,
];
