/**
 * For each panel the scene of the scripted hour that it is meant for, and what it shows then.
 *
 * A panel without a row fails its test.
 */
export interface Expected {
  /** Labels of a series that exists. If the scene is a problem, it does not exist while the node is healthy. */
  readonly labels?: Readonly<Record<string, string>>;
  /** A lower bound for one of the values; by default one of them is not 0. */
  readonly atLeast?: number;
}

export interface Shown extends Expected {
  readonly scene: string;
}

const always: Shown = { scene: 'healthy' };
const forged = { scene: 'forged', labels: { reason: 'signature_invalid', pod: 'forged' } };

export const SHOWN: Readonly<Record<string, Readonly<Record<string, Shown>>>> = {
  'satoken-fleet': {
    Tokens: always,
    Rejected: { scene: 'kubelet stopped', atLeast: 6 },
    'Critical problems': { scene: 'ghost' },
    Overdue: { scene: 'uploader' },
    'Next overdue token expires in': { scene: 'uploader' },
    'Affected nodes': { scene: 'ghost' },
    'Missing exporters': { scene: 'third node joined' },
    'Tokens with series': { scene: 'healthy', atLeast: 1 },
    'Tokens by state': { scene: 'payments', labels: { state: 'expired' } },
    'Problems by reason': { scene: 'legacy', labels: { reason: 'legacy_token' } },
    'Worst nodes': { scene: 'ghost', labels: { node: 'node-1' } },
    'Worst service accounts': { scene: 'ghost', labels: { namespace: 'demo', serviceaccount: 'ghost' } },
    'Tokens that fail a check': forged,
    'Firing alerts': { scene: 'payments', labels: { alertname: 'SATokenExpired' } },
    'Expiring within 15 min': always,
    'Expiring within 60 min': always,
    'Share expired over time': always,
    'First to expire': { scene: 'healthy', labels: { serviceaccount: 'shop' } },
    Rotations: always,
    'Rotation lag': always,
    'Overdue tokens by cause': { scene: 'clock', labels: { cause: 'clock_skew' } },
    'Audience mismatches': { scene: 'typo', labels: { serviceaccount: 'typo', audience: 'valut' } },
    'Signing keys in use': { scene: 'signing key changed', labels: { published: 'no' } },
    'Nodes without an exporter': { scene: 'third node joined', labels: { node: 'node-3' } },
    'Exporters without a recent scan': {
      scene: 'second exporter down',
      labels: { node: 'node-2' },
      atLeast: 120,
    },
  },
  'satoken-node': {
    Tokens: always,
    Rejected: { scene: 'payments' },
    'Critical problems': { scene: 'ghost' },
    Overdue: { scene: 'uploader' },
    Unreadable: { scene: 'garbage' },
    'Time since last full scan': always,
    Canary: { scene: 'healthy', atLeast: 1 },
    'Tokens with series': { scene: 'healthy', atLeast: 1 },
    'Tokens by state': { scene: 'payments', labels: { state: 'expired' } },
    'Problems by reason': { scene: 'copied', labels: { reason: 'pod_mismatch' } },
    'Tokens that fail a check': forged,
    'Every token': { scene: 'lost', labels: { pod: 'lost' } },
    'Unreadable objects': { scene: 'fifo', labels: { reason: 'not_a_file' } },
    'Share of tokens rotated': { scene: 'kubelet restarted', atLeast: 0.9 },
    'Token age': always,
    'Rotation lag': always,
    'Overdue tokens': { scene: 'uploader', labels: { pod: 'uploader' }, atLeast: 600 },
    'Overdue tokens by cause': { scene: 'uploader', labels: { cause: 'sibling_volume_failed' } },
    'Canary age': { scene: 'healthy', atLeast: 480 },
    'Self-check': { scene: 'healthy', labels: { check: 'same_content' } },
    'API server': { scene: 'healthy', labels: { resource: 'keys' } },
    'Read errors': { scene: 'huge', labels: { reason: 'too_large' } },
    'Watch errors': { scene: 'watches limited', labels: { reason: 'max_user_watches' } },
    Watches: always,
    'Checks without a verdict': { scene: 'API server down', labels: { reason: 'service_account_missing' } },
  },
  'satoken-workload': {
    Pods: always,
    Tokens: always,
    Expired: { scene: 'payments' },
    'Failing tokens': { scene: 'ghost' },
    'Next refresh': always,
    'Next expiry': always,
    'Tokens that fail a check': forged,
    'Every token': { scene: 'typo', labels: { pod: 'typo' } },
    'Age of each token': { scene: 'healthy', labels: { pod: 'shop-0' } },
    'State of each token': { scene: 'payments', labels: { pod: 'payments' }, atLeast: 3 },
    Problems: { scene: 'reborn', labels: { reason: 'service_account_recreated' } },
    'Recent problems': { scene: 'signing key changed', labels: { pod: 'clock', reason: 'not_yet_valid' } },
  },
  'satoken-exporter': {
    'Exporters up': always,
    'Exporters down': { scene: 'second exporter down' },
    Versions: always,
    'Oldest scan': always,
    'Internal errors': { scene: 'internal error' },
    'Outdated API data': { scene: 'API server down' },
    Exporters: { scene: 'healthy', labels: { node: 'node-2' } },
    'Scrape time': always,
    'Scan time': always,
    'Samples per scrape': { scene: 'healthy', atLeast: 200 },
    Memory: always,
    CPU: always,
    'Open files': always,
    'Recently started': { scene: 'first exporter restarted' },
    Requests: { scene: 'API server down', labels: { resource: 'pods', code: 'unreachable' } },
    'Outdated by resource': { scene: 'API server down', labels: { resource: 'serviceaccounts' } },
    'Outdated by reason': { scene: 'API server down', labels: { reason: 'unreachable' } },
    'Rejected requests': { scene: 'passwords guessed', labels: { code: '429' } },
    'Invalid web configurations': { scene: 'web configuration invalid', atLeast: 1 },
    'Web configurations': { scene: 'web configuration invalid', labels: { node: 'node-1' } },
    'Read errors': { scene: 'escape', labels: { reason: 'bad_link' } },
    'Watch errors': { scene: 'watches limited', labels: { reason: 'max_user_watches' } },
    'Internal errors by component': { scene: 'internal error', labels: { part: 'pass' } },
    'Exporters by version': { scene: 'healthy', labels: { version: '1.2.3' } },
  },
};
