/**
 * What a suite may need that is not on every machine: programs, modules, privileges.
 *
 * Where it is missing, the suite is pending and its title says why; in CI it fails, since nothing may go untested
 * there. Knows nothing of what the suites do with it.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';

/** Whether a command can be run and ends well. */
function runs(command: string, ...args: string[]): () => boolean {
  return () => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Where .ci/prometheus3 puts what it downloads. */
const CACHE = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
/** Where .ci/helm puts what it builds. */
export const HELM = join(CACHE, 'sa-token-exporter/bin/helm');
export const PROMTOOL_3 = join(CACHE, 'sa-token-exporter/prometheus3/usr/bin/promtool');

/** The names suites ask by, and how each is looked for. */
const TOOLS = {
  root: () => process.getuid?.() === 0,
  'mount namespaces': runs('unshare', '--mount', 'true'),
  'user namespaces': runs('unshare', '--user', '--map-root-user', '--mount', 'true'),
  strace: runs('strace', '-V'),
  promtool: runs('promtool', '--version'),
  'promtool 3 (.ci/prometheus3)': runs(PROMTOOL_3, '--version'),
  alertmanager: runs('prometheus-alertmanager', '--version'),
  amtool: runs('amtool', '--version'),
  prometheus: runs('prometheus', '--version'),
  chromium: runs('/usr/bin/chromium', '--version'),
  openssl: runs('openssl', 'version'),
  'helm (.ci/helm)': runs(HELM, 'version'),
  kubectl: runs('kubectl', 'version', '--client'),
  "Python's prometheus_client": runs('python3', '-c', 'import prometheus_client.openmetrics.parser'),
} as const satisfies Readonly<Record<string, () => boolean>>;

export type Tool = keyof typeof TOOLS;

const answers = new Map<Tool, boolean>();

function isThere(tool: Tool): boolean {
  const known = answers.get(tool);
  if (known !== undefined) return known;
  const found = TOOLS[tool]();
  answers.set(tool, found);
  return found;
}

/** A suite that needs all of `tools`: run where they are, loudly pending where one is not, failing in CI. */
export function describeWith(tools: readonly Tool[], title: string, suite: () => void): void {
  const missing = tools.filter((tool) => !isThere(tool));
  if (missing.length === 0) {
    describe(title, suite);
    return;
  }
  const reason = `${missing.join(' and ')} not available here`;
  if (process.env['CI']) {
    describe(title, () => it('has what it needs', () => assert.fail(reason)));
    return;
  }
  describe.skip(`${title} (NOT RUN: ${reason})`, suite);
}
