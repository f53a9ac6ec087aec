/**
 * Every metric that shows a snapshot: one row each, with its name, its sentence and where its values come from.
 *
 * Knows no format and no HTTP. Metrics of the exporter itself are in self-metrics.ts.
 */
import { type Assessment, failuresOf, isFailing } from '../core/assess.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { labelText } from './labels.ts';

export interface Sample {
  /** Label text as printed between the braces; empty for none. */
  readonly labels: string;
  readonly value: number;
  /** `_bucket`, `_sum`, `_count` of a histogram; nothing otherwise. */
  readonly suffix?: string;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: Iterable<Sample>;
}

export const PER_TOKEN_MODES = ['all', 'problems', 'none'] as const;
export type PerTokenMode = (typeof PER_TOKEN_MODES)[number];

interface Row {
  readonly name: string;
  readonly help: string;
}

/** A row of token series: `value` is undefined where a token has no such value. */
interface TokenRow extends Row {
  readonly value: (assessment: Assessment, now: number) => number | undefined;
  /** What moves by itself, and can be had from a timestamp instead. */
  readonly isRelative?: boolean;
}

function audienceMismatch({ judgements }: Assessment): number | undefined {
  const status = judgements.find(({ check }) => check.reason === 'audience_mismatch')?.verdict.status;
  return status === 'unknown' || status === undefined ? undefined : Number(status === 'fail');
}

function since(now: number, instant: number | undefined): number | undefined {
  return instant === undefined ? undefined : round(now - instant);
}

/** To the millisecond: more digits are noise, and bytes in every scrape. */
function round(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000;
}

export const TOKEN_ROWS: readonly TokenRow[] = [
  {
    name: 'satoken_issued_timestamp_seconds',
    help: 'When the token was issued.',
    value: ({ token }) => token.claims.issuedAt,
  },
  {
    name: 'satoken_expiration_timestamp_seconds',
    help: 'When the token expires: from then on the API server refuses it.',
    value: ({ token }) => token.claims.expiresAt,
  },
  {
    name: 'satoken_nominal_expiration_timestamp_seconds',
    help: 'When the lifetime ends that was asked for; earlier than the expiration where the API server extended it.',
    value: ({ schedule }) => schedule.nominalExpiration,
  },
  {
    name: 'satoken_refresh_due_timestamp_seconds',
    help: 'When the kubelet should replace the token.',
    value: ({ schedule }) => schedule.refreshDue,
  },
  {
    name: 'satoken_last_rotation_timestamp_seconds',
    help: "When the token's content last changed.",
    value: ({ token }) => (token.lastRotation === undefined ? undefined : round(token.lastRotation)),
  },
  {
    name: 'satoken_age_seconds',
    help: 'Time since the token was issued.',
    value: ({ token }, now) => since(now, token.claims.issuedAt),
    isRelative: true,
  },
  {
    name: 'satoken_time_to_expiry_seconds',
    help: 'Time until the nominal expiration; negative once past.',
    value: ({ schedule }, now) => {
      return schedule.nominalExpiration === undefined ? undefined : round(schedule.nominalExpiration - now);
    },
    isRelative: true,
  },
  {
    name: 'satoken_rotation_overdue_seconds',
    help: 'Time since the refresh was due; 0 while it is not.',
    value: ({ schedule }, now) => {
      return schedule.refreshDue === undefined ? undefined : Math.max(0, round(now - schedule.refreshDue));
    },
    isRelative: true,
  },
  {
    name: 'satoken_audience_mismatch',
    help: 'Whether the token lacks the audience expected of it; absent where nothing is expected.',
    value: audienceMismatch,
  },
];

const PROBLEM: Row = {
  name: 'satoken_problem',
  help: 'A check that fails for the token, by reason; absent while none does.',
};
const INFO: Row = { name: 'satoken_info', help: 'What the token says of itself.' };

export interface FamilyOptions {
  readonly node: string;
  readonly perToken: PerTokenMode;
  /** Whether to export what moves by itself, beside the timestamps. */
  readonly isRelativeShown: boolean;
}

export type ListFamilies = (snapshot: Snapshot) => readonly Family[];

function* samplesOf(
  assessments: readonly Assessment[],
  sample: (assessment: Assessment) => Iterable<Sample> | Sample | undefined,
): Iterable<Sample> {
  for (const assessment of assessments) {
    const made = sample(assessment);
    if (made === undefined) continue;
    if ('value' in made) yield made;
    else yield* made;
  }
}

function gauge({ name, help }: Row, samples: Iterable<Sample>): Family {
  return { name, help, type: 'gauge', samples };
}

function infoLabels({ token: { claims } }: Assessment): string {
  return labelText({
    kind: claims.kind,
    issuer: claims.issuer,
    audience: claims.audiences.join(','),
    key_id: claims.keyId ?? '',
    extended: String(claims.warnAfter !== undefined),
  });
}

/** Makes the function that lists the families of a snapshot. Label text is made once per token, not per scrape. */
export function createListFamilies({ node, perToken, isRelativeShown }: FamilyOptions): ListFamilies {
  const nodeLabels = labelText({ node });
  const identities = new WeakMap<object, string>();
  const identityOf = ({ token: { identity } }: Assessment): string => {
    const known = identities.get(identity);
    if (known !== undefined) return known;
    const made = labelText({
      node,
      namespace: identity.namespace,
      pod: identity.pod,
      pod_uid: identity.podUid,
      serviceaccount: identity.serviceAccount,
      volume: identity.volume,
      path: identity.path,
    });
    identities.set(identity, made);
    return made;
  };
  const infos = new WeakMap<object, string>();
  const infoOf = (assessment: Assessment): string => {
    const known = infos.get(assessment.token);
    if (known !== undefined) return known;
    const made = `${identityOf(assessment)},${infoLabels(assessment)}`;
    infos.set(assessment.token, made);
    return made;
  };

  const tokenFamily = (row: TokenRow, shown: readonly Assessment[], now: number): Family => {
    const sample = (assessment: Assessment): Sample | undefined => {
      const value = row.value(assessment, now);
      return value === undefined ? undefined : { labels: identityOf(assessment), value };
    };
    return gauge(row, samplesOf(shown, sample));
  };

  const problems = (assessment: Assessment): readonly Sample[] => {
    return failuresOf(assessment).map(({ check }) => ({
      labels: `${identityOf(assessment)},${labelText({ reason: check.reason })}`,
      value: 1,
    }));
  };

  const tokenFamilies = ({ assessments, now }: Snapshot): readonly Family[] => {
    if (perToken === 'none') return [];
    const shown = perToken === 'all' ? assessments : assessments.filter(isFailing);
    return [
      ...TOKEN_ROWS.filter(({ isRelative = false }) => isRelativeShown || !isRelative).map((row) =>
        tokenFamily(row, shown, now),
      ),
      gauge(PROBLEM, samplesOf(shown, problems)),
      gauge(
        INFO,
        samplesOf(shown, (assessment) => ({ labels: infoOf(assessment), value: 1 })),
      ),
    ];
  };

  const counts = (row: Row, label: string, values: ReadonlyMap<string, number>): Family => {
    return gauge(
      row,
      [...values].map(([key, value]) => ({ labels: `${nodeLabels},${labelText({ [label]: key })}`, value })),
    );
  };

  const single = (row: Row, value: number | undefined): Family => {
    return gauge(row, value === undefined ? [] : [{ labels: nodeLabels, value }]);
  };

  const nodeFamilies = ({
    observation,
    byKind,
    byState,
    problems: failing,
    unknowns,
  }: Snapshot): readonly Family[] => [
    counts(NODE_ROWS.tokens, 'kind', byKind),
    counts(NODE_ROWS.states, 'state', byState),
    counts(NODE_ROWS.problems, 'reason', failing),
    counts(NODE_ROWS.unknowns, 'reason', unknowns),
    gauge(
      NODE_ROWS.unreadable,
      observation.unreadable.map(({ podUid, volume, path, reason }) => {
        return { labels: `${nodeLabels},${labelText({ pod_uid: podUid, volume, path, reason })}`, value: 1 };
      }),
    ),
    single(NODE_ROWS.lastScan, observation.scannedAt),
    single(NODE_ROWS.scanDuration, observation.scanSeconds),
    single(NODE_ROWS.watches, observation.watches),
  ];

  return (snapshot) => [...tokenFamilies(snapshot), ...nodeFamilies(snapshot)];
}

export const NODE_ROWS = {
  tokens: { name: 'satoken_tokens', help: 'Tokens on the node, by kind.' },
  states: { name: 'satoken_token_state', help: 'Tokens on the node, by the stage of their life.' },
  problems: { name: 'satoken_problems', help: 'Tokens that fail a check, by reason.' },
  unknowns: { name: 'satoken_check_unknown', help: 'Tokens that a check cannot judge, by reason.' },
  unreadable: { name: 'satoken_unreadable', help: 'An object that could not be read, and why.' },
  lastScan: {
    name: 'satoken_last_scan_timestamp_seconds',
    help: 'When the last full pass over the node ended.',
  },
  scanDuration: {
    name: 'satoken_scan_duration_seconds',
    help: 'How long the last full pass over the node took.',
  },
  watches: { name: 'satoken_watches', help: 'Folders under watch; changes in others show at the next pass.' },
} as const satisfies Readonly<Record<string, Row>>;
