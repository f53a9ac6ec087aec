/**
 * The series of the exporter by name and labels, for the cases of the rules.
 */
import type { Series } from './promtool.ts';

type Labels = Readonly<Record<string, string>>;

/** The labels of the token that the cases are about. */
export const TOKEN = {
  node: 'node-1',
  namespace: 'payments',
  pod: 'api-0',
  pod_uid: 'uid-1',
  serviceaccount: 'api',
  volume: 'vault-token',
  path: 'token',
} as const;

/** How descriptions print it. */
export const TOKEN_TEXT = 'Token token in volume vault-token of pod payments/api-0 on node node-1';

/** The labels that Prometheus adds. They must not be in an alert on a token or a node. */
export const TARGET = { job: 'sa-token-exporter', instance: '10.0.0.1:9894' } as const;

export function series(name: string, labels: Labels = {}): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return `${name}{${pairs.join(',')}}`;
}

/** A series of the exporter, by default of node-1. */
export function scraped(name: string, labels: Labels = {}): string {
  return series(name, { ...TARGET, node: 'node-1', ...labels });
}

/** A series that a node has in every scrape. Without it, its scrape failed. */
export function nodeScraped(values: string, labels: Labels = {}): Series {
  return { [scraped('satoken_tokens', { kind: 'projected', origin: 'kubelet', ...labels })]: values };
}

/** A check that fails for a token. */
export function problem(reason: string, values: string, labels: Labels = {}): Series {
  return { [scraped('satoken_problem', { ...TOKEN, reason, severity: 'critical', ...labels })]: values };
}

/** The number of tokens of the node that fail a check. */
export function problems(reason: string, values: string, labels: Labels = {}): Series {
  return { [scraped('satoken_problems', { reason, severity: 'critical', ...labels })]: values };
}
