/**
 * The samples that the expressions of a group of rules load, without those of the queries in templates of alerts.
 */
import { GROUPS } from '../../alerts/groups.ts';
import type { Group } from '../../alerts/rule.ts';
import type { Prometheus } from '../../test/grafana/prometheus.ts';

interface Response {
  readonly status: string;
  readonly error?: string;
  readonly data: { readonly stats: { readonly samples: { readonly peakSamples: number } } };
}

async function peakOf({ url }: Prometheus, expr: string): Promise<number> {
  const body = new URLSearchParams({ query: expr, stats: 'all' });
  const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body });
  const { status, error, data } = (await response.json()) as Response;
  if (status !== 'success') throw new Error(`${expr}: ${error}`);
  return data.stats.samples.peakSamples;
}

async function peakOfGroup(prometheus: Prometheus, { recordings, alerts }: Group): Promise<number> {
  const peaks: number[] = [];
  for (const { expr } of [...recordings, ...alerts]) peaks.push(await peakOf(prometheus, expr));
  return Math.max(...peaks);
}

export interface Peak {
  readonly group: string;
  /** Of the expression that holds most at a time, which `--query.max-samples` limits. */
  readonly samples: number;
}

/** The recording rules must have been evaluated before. */
export async function peaksOf(prometheus: Prometheus): Promise<readonly Peak[]> {
  const peaks: Peak[] = [];
  for (const group of GROUPS)
    peaks.push({ group: group.name, samples: await peakOfGroup(prometheus, group) });
  return peaks;
}
