/**
 * The series of a fleet whose API server is away for a while, by the times of a real kubelet and of the exporter.
 *
 * Each node has a canary of ten minutes and a token of an hour. The kubelet syncs every 60 to 90 s and refreshes what is
 * due. All random numbers are the same in each run.
 */
import { scraped } from '../series.ts';

/** Seconds between two scrapes. */
export const STEP = 30;

export interface Outage {
  readonly from: number;
  readonly until: number;
}

export interface Fleet {
  readonly nodes: number;
  /** Seconds from the first scrape to the last. */
  readonly length: number;
  /** For which nodes tokens are not issued; undefined if nothing fails. */
  readonly outage?: Outage;
  /** Whether the exporters lose the API server, too. */
  readonly isSeenByExporters?: boolean;
  /** Seconds within which all canaries are created, as by a rollout; by default they are spread over their lifetime. */
  readonly canariesWithin?: number;
  /** Seconds from the creation of the canaries to the first scrape, instead of a random time. */
  readonly canaryAge?: number;
  /** Whether exporters cannot read one resource of the API server. */
  readonly isResourceFailing?: boolean;
  /** Number of pods of one workload for which the API server denies tokens. */
  readonly refusedPods?: number;
  readonly refusedFrom?: number;
  /** Whether exporters count problems and have no series of tokens. */
  readonly isCounting?: boolean;
  /** Number of nodes whose kubelets rotate nothing from then on. */
  readonly brokenNodes?: number;
  readonly brokenFrom?: number;
  /** Share of the nodes that the outage affects. */
  readonly share?: number;
  /** Whether no pod but the exporter's has a token as short as the canary: one pod shows no stalled kubelet. */
  readonly isCanaryAlone?: boolean;
  /** Of the random numbers. */
  readonly seed?: number;
}

/** Lifetime, and the grace period of the exporter for it. */
const CANARY = { lifetime: 600, grace: 102 } as const;
const HOUR = { lifetime: 3_600, grace: 288 } as const;
type Kind = typeof CANARY | typeof HOUR;
const CRITICAL_SHARE = 0.6;

/** From 0 to 1: a linear congruential generator. */
function createRandom(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Values, one for each scrape, in the notation of promtool. */
function compressed(values: readonly string[]): string {
  const runs: { value: string; count: number }[] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last?.value === value) last.count += 1;
    else runs.push({ value, count: 1 });
  }
  return runs
    .flatMap(({ value, count }) => {
      if (value === 'stale') return ['stale', ...Array<string>(count - 1).fill('_')];
      return value === '_' ? Array<string>(count).fill('_') : [`${value}x${count - 1}`];
    })
    .join(' ');
}

function refreshDue(issuedAt: number, { lifetime }: Kind): number {
  return issuedAt + 0.8 * lifetime;
}

/** When the token at each scrape was issued. */
function issueTimes(kind: Kind, fleet: Fleet, random: () => number): readonly number[] {
  const { length, outage, canariesWithin, canaryAge = 0 } = fleet;
  const isCreatedTogether = kind === CANARY && canariesWithin !== undefined;
  let issuedAt = -random() * (isCreatedTogether ? canariesWithin : 0.8 * kind.lifetime) - canaryAge;
  const interval = 60 + 30 * random();
  let sync = interval * random();
  const isAway = (): boolean => outage !== undefined && sync >= outage.from && sync < outage.until;
  return Array.from({ length: length / STEP + 1 }, (_, index) => {
    for (; sync <= index * STEP; sync += interval)
      if (sync >= refreshDue(issuedAt, kind) && !isAway()) issuedAt = sync;
    return Math.round(issuedAt);
  });
}

type Rows = Readonly<Record<string, readonly string[]>>;

function isLate(kind: Kind, at: number, index: number): boolean {
  return index * STEP > refreshDue(at, kind) + kind.grace;
}

/** `others` are the tokens of another pod that are late with the canary; without them, any that is as short. */
function canaryRows(node: string, issued: readonly number[], others?: readonly number[]): Rows {
  const isStalled = (at: number, index: number): boolean =>
    isLate(CANARY, at, index) && (others === undefined || isLate(HOUR, others[index] ?? 0, index));
  const labels = { cluster: 'east', node };
  return {
    [scraped('satoken_tokens', { ...labels, kind: 'projected' })]: issued.map(() => '2'),
    [scraped('satoken_canary_refresh_due_timestamp_seconds', labels)]: issued.map((at) =>
      String(refreshDue(at, CANARY)),
    ),
    [scraped('satoken_canary_issued_timestamp_seconds', labels)]: issued.map(String),
    [scraped('satoken_canary_healthy', labels)]: issued.map((at, index) =>
      isLate(CANARY, at, index) ? '0' : '1',
    ),
    [scraped('satoken_overdue_cause', { ...labels, cause: 'kubelet_stalled' })]: issued.map((at, index) =>
      isStalled(at, index) ? '1' : '0',
    ),
  };
}

function tokenRows(node: string, issued: readonly number[], pod_uid = node): Rows {
  const slack = HOUR.lifetime - refreshDue(0, HOUR);
  const critical = CRITICAL_SHARE * slack;
  const problem = (reason: string, severity: string, isIn: (late: number) => boolean) => {
    const values = issued.map((at, index) => (isIn(index * STEP - refreshDue(at, HOUR)) ? '1' : 'stale'));
    const pod = { namespace: 'payments', pod: `api-${pod_uid}`, pod_uid, serviceaccount: 'api' };
    const labels = { cluster: 'east', node, ...pod, volume: 'v', path: 'token', reason, severity };
    return { [scraped('satoken_problem', labels)]: values };
  };
  return {
    ...problem('rotation_overdue', 'warning', (late) => late > HOUR.grace && late <= critical),
    ...problem('rotation_overdue', 'critical', (late) => late > critical),
    ...problem('expired', 'critical', (late) => late > slack),
  };
}

function apiServerRows(node: string, { length, outage }: Fleet, random: () => number): Rows {
  if (outage === undefined) return {};
  const [from, until] = [outage.from + 60 * random(), outage.until + 120 * random()];
  const values = Array.from({ length: length / STEP + 1 }, (_, index) =>
    index * STEP >= from && index * STEP < until ? '1' : 'stale',
  );
  const labels = { cluster: 'east', node, resource: 'pods', reason: 'unreachable' };
  return { [scraped('satoken_cluster_failure', labels)]: values };
}

function resourceRows(node: string, { length }: Fleet): Rows {
  const labels = { cluster: 'east', node, resource: 'tokenreviews', reason: 'server_error' };
  return { [scraped('satoken_cluster_failure', labels)]: Array<string>(length / STEP + 1).fill('1') };
}

/** Pods of one workload whose tokens are no longer issued, on nodes that rotate all others. */
function refusedRows(fleet: Fleet, random: () => number): readonly Rows[] {
  return Array.from({ length: fleet.refusedPods ?? 0 }, (_, index) => {
    const refused = { ...fleet, outage: { from: fleet.refusedFrom ?? 0, until: fleet.length + STEP } };
    return tokenRows(`node-${index % fleet.nodes}`, issueTimes(HOUR, refused, random), `refused-${index}`);
  });
}

const PROBLEM =
  /^satoken_problem\{.*?node="(?<node>[^"]*)".*reason="(?<reason>[^"]*)",severity="(?<severity>[^"]*)"\}$/;

/** The number of tokens in each state instead of their series. */
function counted(rows: Rows): Rows {
  const counts: Record<string, number[]> = {};
  for (const [name, values] of Object.entries(rows)) {
    const { node = '', reason = '', severity = '' } = PROBLEM.exec(name)?.groups ?? {};
    const series = scraped('satoken_problems', { cluster: 'east', node, reason, severity });
    const before = counts[series];
    counts[series] = values.map((value, index) => (before?.[index] ?? 0) + Number(value === '1'));
  }
  return Object.fromEntries(
    Object.entries(counts).map(([name, values]) => [
      name,
      values.map((count) => (count === 0 ? 'stale' : String(count))),
    ]),
  );
}

/** The fleet as the kubelet of the node sees it. */
function kubeletOf(index: number, own: Fleet): Fleet {
  if (index >= (own.brokenNodes ?? 0)) return own;
  // Late before the canaries of other nodes that were created together are due.
  const canaryAge = own.canariesWithin === undefined ? 0 : 300;
  return { ...own, canaryAge, outage: { from: own.brokenFrom ?? 0, until: own.length + STEP } };
}

function nodeRows(index: number, fleet: Fleet, random: () => number): Rows {
  const node = `node-${index}`;
  const { outage: _outage, ...healthy } = fleet;
  const own = index < (fleet.share ?? 1) * fleet.nodes ? fleet : healthy;
  const kubelet = kubeletOf(index, own);
  const canary = issueTimes(CANARY, kubelet, random);
  const hour = issueTimes(HOUR, kubelet, random);
  const tokens = tokenRows(node, hour);
  return {
    ...canaryRows(node, canary, fleet.isCanaryAlone === true ? hour : undefined),
    ...(fleet.isCounting === true ? counted(tokens) : tokens),
    ...(fleet.isSeenByExporters === true ? apiServerRows(node, own, random) : {}),
    ...(fleet.isResourceFailing === true ? resourceRows(node, own) : {}),
  };
}

/** By name and labels. Series that never have a sample are left out. */
export function fleetSeries(fleet: Fleet): Readonly<Record<string, string>> {
  const random = createRandom(fleet.seed);
  const rows = Array.from({ length: fleet.nodes }, (_, index) => nodeRows(index, fleet, random));
  const refused = refusedRows(fleet, random);
  return Object.fromEntries(
    [...rows, ...(fleet.isCounting === true ? [counted(Object.assign({}, ...refused))] : refused)]
      .flatMap((one) => Object.entries(one))
      .filter(([, values]) => values.some((value) => value !== 'stale'))
      .map(([name, values]) => [name, compressed(values)]),
  );
}
