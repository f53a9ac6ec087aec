/**
 * How much a problem matters. A token has at most one severity for each reason at a time.
 */

/** The most severe first. Values of a label: public contract. */
export const SEVERITIES = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** The severities that a check can fail with, and under which condition each holds: a clause, without a period. */
export type SeverityConditions = Readonly<Partial<Record<Severity, string>>>;

/** The condition of a check that has one severity. */
export const ALWAYS = 'always';

/** The most severe; undefined without any. */
export function worstSeverity(severities: Iterable<Severity>): Severity | undefined {
  const found = new Set(severities);
  return SEVERITIES.find((severity) => found.has(severity));
}
