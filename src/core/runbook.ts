/**
 * Where a runbook is found: each is a page named for an alert, below one address. A check names its own.
 *
 * Knows neither who links to it nor what is in it.
 */

/** Where the project publishes them. */
export const RUNBOOKS = 'https://github.com/sa-token-exporter/sa-token-exporter/blob/main/docs/runbooks';

/** Of what no check is for. */
export const OTHER_RUNBOOKS = {
  unreadable: 'SATokenUnreadable',
  apiServer: 'SATokenClusterBlind',
  selfCheck: 'SATokenSelfViewWrong',
  canary: 'SATokenCanaryLate',
} as const;

/** The address of a runbook below that of all, which ends without a slash. */
export function runbookUrl(runbooks: string, name: string): string {
  return `${runbooks}/${name}.md`;
}
