/**
 * Titles and widths of the columns for labels, in pixels.
 *
 * Columns without a width share what the others leave. The widths are for a dashboard of 1,400 pixels.
 */

/** The width of a column without one does not become less. */
export const MIN_WIDTH = 90;

interface LabelColumn {
  readonly title: string;
  readonly width?: number;
}

const LABEL_COLUMNS: Readonly<Record<string, LabelColumn>> = {
  alertname: { title: 'Alert' },
  audience: { title: 'Audience', width: 320 },
  cause: { title: 'Cause', width: 200 },
  check: { title: 'Check', width: 200 },
  cluster: { title: 'Cluster', width: 98 },
  file: { title: 'Volume/path', width: 175 },
  instance: { title: 'Target', width: 170 },
  issuer: { title: 'Issuer' },
  job: { title: 'Job' },
  key_id: { title: 'Key', width: 400 },
  namespace: { title: 'Namespace', width: 110 },
  node: { title: 'Node' },
  node_version: { title: 'Node.js', width: 90 },
  origin: { title: 'Origin', width: 80 },
  path: { title: 'Path' },
  pod: { title: 'Pod' },
  pod_uid: { title: 'Pod UID', width: 310 },
  published: { title: 'Published', width: 90 },
  reason: { title: 'Problem', width: 196 },
  resource: { title: 'Resource', width: 140 },
  revision: { title: 'Revision', width: 110 },
  runbook: { title: 'Runbook', width: 248 },
  serviceaccount: { title: 'Service account' },
  severity: { title: 'Severity', width: 80 },
  version: { title: 'Version', width: 100 },
  within: { title: 'Within', width: 90 },
  volume: { title: 'Volume' },
};

export function labelColumn(label: string): LabelColumn {
  const column = LABEL_COLUMNS[label];
  if (column === undefined) throw new Error(`no column for the label ${label}`);
  return column;
}
