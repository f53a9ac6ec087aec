/**
 * Where a runbook is found: each is a page named for an alert, below one address.
 *
 * Knows no runbook in particular, nor who links to it.
 */

/** Where the project publishes them. */
export const RUNBOOKS = 'https://github.com/sa-token-exporter/sa-token-exporter/blob/main/docs/runbooks';

/** The address of a runbook below that of all, which ends without a slash. */
export function runbookUrl(runbooks: string, name: string): string {
  return `${runbooks}/${name}.md`;
}
