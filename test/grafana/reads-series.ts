/**
 * The series of tokens whose reads are watched, without the watch: one token that was not read again, and one that no
 * workload was seen to read.
 */
type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** Seconds before the sample. */
const READ_AGO = 40_000;
const KNOWN_FOR = 600;
const SYNC_AGO = 25;

/** Series of a token with a habit that is a problem. */
export function habitSeries(token: Labels, habit: 'not_reread' | 'unread', now: number): readonly Sample[] {
  const severity = habit === 'unread' ? 'info' : 'warning';
  const labels = { ...token, reason: habit };
  const problem = [
    { name: 'satoken_problem', labels: { ...labels, severity }, value: 1 },
    { name: 'satoken_problem_start_timestamp_seconds', labels, value: now - KNOWN_FOR },
  ];
  if (habit === 'unread') return problem;
  return [
    ...problem,
    { name: 'satoken_last_read_timestamp_seconds', labels: token, value: now - READ_AGO },
    { name: 'satoken_expiration_timestamp_seconds', labels: token, value: now + KNOWN_FOR },
  ];
}

/** Series of a node with so many tokens of each of these habits. Its kubelet synced until `syncedUntil`. */
export function pulseSeries(
  node: Labels,
  problems: number,
  now: number,
  syncedUntil = now,
): readonly Sample[] {
  const habits = { rereads: 20, not_reread: problems, unread: problems, unknown: 5 };
  return [
    ...Object.entries(habits).map(([habit, value]) => ({
      name: 'satoken_token_reads',
      labels: { ...node, habit },
      value,
    })),
    {
      name: 'satoken_problems',
      labels: { ...node, reason: 'not_reread', severity: 'warning' },
      value: problems,
    },
    { name: 'satoken_problems', labels: { ...node, reason: 'unread', severity: 'info' }, value: problems },
    { name: 'satoken_kubelet_last_sync_timestamp_seconds', labels: node, value: syncedUntil - SYNC_AGO },
  ];
}
