/**
 * Series as the exporter has them, by name and labels, for the cases of rules.
 */
import type { Series } from './promtool.ts';

type Labels = Readonly<Record<string, string>>;

/** What names the token that cases are about. */
export const TOKEN = {
  node: 'node-1',
  namespace: 'payments',
  pod: 'api-0',
  pod_uid: 'uid-1',
  serviceaccount: 'api',
  volume: 'vault-token',
  path: 'token',
} as const;

/** What Prometheus adds of its own: it must never show in an alert on a token or a node. */
export const TARGET = { job: 'sa-token-exporter', instance: '10.0.0.1:9894' } as const;

/** How a description names it. */
export const TOKEN_WORDS = 'Token token in volume vault-token of pod payments/api-0 on node node-1';

export function series(name: string, labels: Labels = {}): string {
  const texts = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return `${name}{${texts.join(',')}}`;
}

/** Of the exporter, on node-1 unless told otherwise. */
export function scraped(name: string, labels: Labels = {}): string {
  return series(name, { ...TARGET, node: 'node-1', ...labels });
}

/** A check that fails for a token. */
export function problem(reason: string, values: string, labels: Labels = {}): Series {
  return { [scraped('satoken_problem', { ...TOKEN, reason, ...labels })]: values };
}

/** The count of tokens of the node that fail a check. */
export function problems(reason: string, values: string, labels: Labels = {}): Series {
  return { [scraped('satoken_problems', { reason, ...labels })]: values };
}
