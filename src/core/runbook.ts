/**
 * URLs of runbooks. Each runbook is a page with the name of an alert; every check names its own.
 */
import type { Unreadable } from './observation.ts';

/** Where the project publishes its runbooks. */
export const RUNBOOKS = 'https://github.com/sa-token-exporter/sa-token-exporter/blob/main/docs/runbooks';

/** For conditions that are not checks. */
export const OTHER_RUNBOOKS = {
  unreadable: 'SATokenUnreadable',
  limit: 'SATokenLimitExceeded',
  apiServer: 'SATokenClusterBlind',
  selfCheck: 'SATokenSelfViewWrong',
  canary: 'SATokenCanaryLate',
  podNotCreated: 'SATokenPodNotCreated',
} as const;

/** The runbook of an object that could not be read, or that a limit leaves out. */
export function unreadableRunbook({ reason }: Pick<Unreadable, 'reason'>): string {
  return reason === 'limit' ? OTHER_RUNBOOKS.limit : OTHER_RUNBOOKS.unreadable;
}

/** `runbooks` is the URL of the folder, without a trailing slash. */
export function runbookUrl(runbooks: string, name: string): string {
  return `${runbooks}/${name}.md`;
}
