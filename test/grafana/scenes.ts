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
    Rejected: { scene: 'kubelet stopped', atLeast: 6 },
    'Critical problems': { scene: 'ghost' },
    Overdue: { scene: 'uploader' },
    'First rejection in': { scene: 'uploader', atLeast: 1 },
    'Affected nodes': { scene: 'ghost' },
    'Missing exporters': { scene: 'third node joined' },
    'Tokens that fail a check': forged,
    'Failing service accounts': { scene: 'ghost', labels: { namespace: 'demo', serviceaccount: 'ghost' } },
    'Failing nodes': { scene: 'ghost', labels: { node: 'node-1' } },
    'Tokens by state': { scene: 'payments', labels: { state: 'expired' } },
    'Failing tokens by severity': { scene: 'ghost', labels: { severity: 'critical' } },
    'Problems by reason': { scene: 'legacy', labels: { reason: 'legacy_token' } },
    'Overdue tokens by cause': { scene: 'clock', labels: { cause: 'clock_skew' } },
    'Firing alerts': { scene: 'payments', labels: { alertname: 'SATokenExpired' } },
    'Share of tokens expired': { scene: 'healthy', labels: { within: '15 min' } },
    'Time left by namespace': { scene: 'healthy', labels: { namespace: 'demo' } },
    'Time left by service account': { scene: 'healthy', labels: { serviceaccount: 'shop' } },
    Rotations: always,
    'Late rotations': { scene: 'healthy', atLeast: 0 },
    'Failing namespaces': { scene: 'ghost', labels: { namespace: 'demo' } },
    'Tokens rotated in time, 30 days': { scene: 'uploader' },
    'Share of tokens rotated in time': { scene: 'healthy', atLeast: 1 },
    'Tokens by origin': { scene: 'healthy', labels: { origin: 'kubelet' } },
    'Audience mismatches': { scene: 'typo', labels: { serviceaccount: 'typo', audience: 'valut' } },
    'Signing keys in use': { scene: 'signing key changed', labels: { published: 'no' } },
    'Tokens with series': { scene: 'healthy', atLeast: 1 },
    'Nodes without an exporter': { scene: 'third node joined', labels: { node: 'node-3' } },
    'Exporters without a recent scan': {
      scene: 'second exporter down',
      labels: { node: 'node-2' },
      atLeast: 120,
    },
  },
  'satoken-node': {
    Canary: { scene: 'healthy', atLeast: 1 },
    Overdue: { scene: 'uploader' },
    'First rejection in': { scene: 'uploader', atLeast: 1 },
    Rejected: { scene: 'payments' },
    'Critical problems': { scene: 'ghost' },
    'Last full scan ago': always,
    'Tokens that fail a check': forged,
    'Tokens by state': { scene: 'payments', labels: { state: 'expired' } },
    'Failing tokens by severity': { scene: 'ghost', labels: { severity: 'critical' } },
    'Problems by reason': { scene: 'copied', labels: { reason: 'pod_mismatch' } },
    'Overdue tokens by cause': { scene: 'uploader', labels: { cause: 'sibling_volume_failed' } },
    'Every token': { scene: 'lost', labels: { pod: 'lost' } },
    'Tokens with series': { scene: 'healthy', atLeast: 1 },
    'Unreadable objects': { scene: 'fifo', labels: { reason: 'not_a_file' } },
    'Share of tokens rotated': { scene: 'kubelet restarted', atLeast: 0.9 },
    'Token age': always,
    'Canary age': { scene: 'healthy', atLeast: 8 },
    'Rotation lag': always,
    'Self-check': { scene: 'healthy', labels: { check: 'same_content' } },
    'API server': { scene: 'healthy', labels: { resource: 'keys' } },
    'Checks without a verdict': { scene: 'API server down', labels: { check: 'service_account_missing' } },
  },
  'satoken-workload': {
    Expired: { scene: 'payments' },
    'Failing tokens': { scene: 'ghost' },
    'First rejection in': { scene: 'uploader', atLeast: 1 },
    Tokens: always,
    'Tokens that fail a check': forged,
    'Every token': { scene: 'typo', labels: { pod: 'typo' } },
    'State of each token': { scene: 'payments', labels: { pod: 'payments' }, atLeast: 3 },
    'Recent problems': { scene: 'signing key changed', labels: { pod: 'clock', reason: 'not_yet_valid' } },
  },
  'satoken-reads': {
    'Read again': always,
    'Not read again': { scene: 'ghost' },
    'No read observed': { scene: 'ghost' },
    'Not known yet': always,
    'Tokens by habit': { scene: 'ghost' },
    Namespaces: { scene: 'ghost', labels: { namespace: 'demo' } },
    'Service accounts': { scene: 'ghost', labels: { serviceaccount: 'reports' } },
    'May hold an old copy': { scene: 'ghost', labels: { pod: 'reports' } },
    'Mounted, but no read observed': { scene: 'ghost', labels: { pod: 'static-site' } },
    'Longest time since a kubelet sync': always,
    'Kubelets by last sync': { scene: 'healthy', labels: { node: 'node-1' } },
  },
  'satoken-exporter': {
    'Exporters down': { scene: 'second exporter down' },
    'Oldest scan': always,
    'Internal errors': { scene: 'internal error' },
    'Outdated API data': { scene: 'API server down' },
    Exporters: { scene: 'healthy', labels: { node: 'node-2' } },
    'Targets down': { scene: 'second exporter down', labels: { instance: '10.0.0.9:9894' } },
    'Scrape time': always,
    'Scan time': always,
    'Samples per scrape': { scene: 'healthy', atLeast: 200 },
    Memory: always,
    CPU: always,
    Requests: { scene: 'healthy', labels: { resource: 'pods' } },
    'Outdated data': { scene: 'API server down', labels: { resource: 'pods', reason: 'unreachable' } },
    'Rejected requests': { scene: 'passwords guessed', labels: { code: '429' } },
    'Web configurations': { scene: 'web configuration invalid', labels: { node: 'node-1' } },
    'Read errors': { scene: 'escape', labels: { reason: 'bad_link' } },
    'Watch errors': { scene: 'watches limited', labels: { reason: 'max_user_watches' } },
    'Internal errors by component': { scene: 'internal error', labels: { part: 'pass' } },
    'Exporters by version': { scene: 'healthy', labels: { version: '1.2.3' } },
  },
};
