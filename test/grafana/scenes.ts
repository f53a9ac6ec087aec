/**
 * For each panel the scene of the hour that it is meant for, and what it shows then.
 *
 * A panel that has no row here fails its test.
 */
export interface Expected {
  /** Labels of a series that is there. Where the scene is a trouble, it is not there while all is well. */
  readonly labels?: Readonly<Record<string, string>>;
  /** What one of the numbers reaches; anything but 0 where not stated. */
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
    'Past their time': { scene: 'kubelet stopped', atLeast: 6 },
    'Critical problems': { scene: 'ghost' },
    Late: { scene: 'uploader' },
    'Next late one dies in': { scene: 'uploader' },
    'Nodes in trouble': { scene: 'ghost' },
    'Nodes without agent': { scene: 'third node joined' },
    'Tokens with series': { scene: 'healthy', atLeast: 1 },
    'Tokens by state': { scene: 'payments', labels: { state: 'expired' } },
    'Problems by reason': { scene: 'legacy', labels: { reason: 'legacy_token' } },
    'Worst nodes': { scene: 'ghost', labels: { node: 'node-1' } },
    'Worst service accounts': { scene: 'ghost', labels: { namespace: 'demo', serviceaccount: 'ghost' } },
    'Tokens that fail a check': forged,
    'Alerts firing': { scene: 'payments', labels: { alertname: 'SATokenExpired' } },
    'Dead within 15 min': always,
    'Dead within 60 min': always,
    'Share dead by then': always,
    'Who would be first': { scene: 'healthy', labels: { serviceaccount: 'shop' } },
    Rotations: always,
    'Rotation lag': always,
    'Why tokens are late': { scene: 'clock', labels: { cause: 'clock_skew' } },
    'Audience mismatches': { scene: 'typo', labels: { serviceaccount: 'typo', audience: 'valut' } },
    'Signing keys in use': { scene: 'burning', labels: { published: 'no' } },
    'Nodes without an agent': { scene: 'third node joined', labels: { node: 'node-3' } },
    'Silent agents': { scene: 'second agent gone', labels: { node: 'node-2' }, atLeast: 120 },
  },
  'satoken-node': {
    Tokens: always,
    'Past their time': { scene: 'payments' },
    'Critical problems': { scene: 'ghost' },
    Late: { scene: 'uploader' },
    'Not readable': { scene: 'garbage' },
    'Last full pass ago': always,
    Canary: { scene: 'healthy', atLeast: 1 },
    'Tokens with series': { scene: 'healthy', atLeast: 1 },
    'Tokens by state': { scene: 'payments', labels: { state: 'expired' } },
    'Problems by reason': { scene: 'copied', labels: { reason: 'pod_mismatch' } },
    'Tokens that fail a check': forged,
    'Every token': { scene: 'lost', labels: { pod: 'lost' } },
    'What cannot be read': { scene: 'fifo', labels: { reason: 'not_a_file' } },
    'Share of tokens replaced': { scene: 'kubelet restarted', atLeast: 0.9 },
    'Age of tokens': always,
    'Rotation lag': always,
    'Overdue tokens': { scene: 'uploader', labels: { pod: 'uploader' }, atLeast: 600 },
    'Why tokens are late': { scene: 'uploader', labels: { cause: 'sibling_volume_failed' } },
    "Canary's age": { scene: 'healthy', atLeast: 480 },
    'Self view': { scene: 'healthy', labels: { check: 'same_content' } },
    'API server': { scene: 'healthy', labels: { resource: 'keys' } },
    'Read errors': { scene: 'huge', labels: { reason: 'too_large' } },
    'Watch errors': { scene: 'watches limited', labels: { reason: 'max_user_watches' } },
    Watches: always,
    'Checks without an answer': { scene: 'API server gone', labels: { reason: 'service_account_missing' } },
  },
  'satoken-workload': {
    Pods: always,
    Tokens: always,
    Refused: { scene: 'payments' },
    'Failing tokens': { scene: 'ghost' },
    'Next refresh': always,
    'Next expiry': always,
    'Tokens that fail a check': forged,
    'Every token': { scene: 'typo', labels: { pod: 'typo' } },
    'Age of each token': { scene: 'healthy', labels: { pod: 'shop-0' } },
    'State of each token': { scene: 'payments', labels: { pod: 'payments' }, atLeast: 3 },
    Problems: { scene: 'reborn', labels: { reason: 'service_account_recreated' } },
    'Last problems': { scene: 'burning', labels: { pod: 'clock', reason: 'not_yet_valid' } },
  },
  'satoken-exporter': {
    'Agents up': always,
    'Agents down': { scene: 'second agent gone' },
    Versions: always,
    'Oldest pass': always,
    Bugs: { scene: 'bug' },
    'Without API server': { scene: 'API server gone' },
    Agents: { scene: 'healthy', labels: { node: 'node-2' } },
    'Scrape time': always,
    'Pass time': always,
    'Samples per scrape': { scene: 'healthy', atLeast: 200 },
    Memory: always,
    CPU: always,
    'Open files': always,
    'Started lately': { scene: 'first agent restarted' },
    Requests: { scene: 'API server gone', labels: { resource: 'pods', code: 'unreachable' } },
    'Agents that do not know': { scene: 'API server gone', labels: { resource: 'serviceaccounts' } },
    'Why they do not know': { scene: 'API server gone', labels: { reason: 'unreachable' } },
    'Refused requests': { scene: 'passwords guessed', labels: { code: '429' } },
    'Web configuration not taken': { scene: 'web configuration broken', atLeast: 1 },
    'Web configurations': { scene: 'web configuration broken', labels: { node: 'node-1' } },
    'Read errors': { scene: 'escape', labels: { reason: 'bad_link' } },
    'Watch errors': { scene: 'watches limited', labels: { reason: 'max_user_watches' } },
    'Unexpected failures': { scene: 'bug', labels: { part: 'pass' } },
    'Agents by version': { scene: 'healthy', labels: { version: '1.2.3' } },
  },
};
