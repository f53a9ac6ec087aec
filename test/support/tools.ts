/**
 * Programs, modules and privileges that a suite needs and that not every machine has.
 *
 * Without them, the suite is pending and its title says why. In CI it fails, so that no suite is skipped there.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';

/** Whether a command exists and exits with 0. */
function runs(command: string, ...args: string[]): () => boolean {
  return () => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** The download directory of .ci/prometheus3. */
const CACHE = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
/** The build result of .ci/helm. */
export const HELM = join(CACHE, 'sa-token-exporter/bin/helm');
/** The build result of .ci/actionlint. */
export const ACTIONLINT = join(CACHE, 'sa-token-exporter/bin/actionlint');
/** The build result of .ci/vmalert. */
export const VMALERT = join(CACHE, 'sa-token-exporter/bin/vmalert');
/** The download directory of .ci/crds. */
export const CUSTOM_RESOURCES = join(CACHE, 'sa-token-exporter/crds');
export const PROMTOOL_3 = join(CACHE, 'sa-token-exporter/prometheus3/usr/bin/promtool');
/** The build results of .ci/promtool: promtool without its own limit of samples. */
const [LARGE_PROMTOOL_2, LARGE_PROMTOOL_3] = ['2', '3'].map((version) =>
  join(CACHE, 'sa-token-exporter/large-promtool', version),
) as [string, string];

/** Where Debian installs it, on any architecture. */
export const [LIBFAKETIME = ''] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');

/** Tools by name, with their tests. */
const TOOLS = {
  root: () => process.getuid?.() === 0,
  'mount namespaces': runs('unshare', '--mount', 'true'),
  'user namespaces': runs('unshare', '--user', '--map-root-user', '--mount', 'true'),
  'foreign functions': () => isBuiltin('node:ffi'),
  faketime: () => LIBFAKETIME !== '',
  strace: runs('strace', '-V'),
  promtool: runs('promtool', '--version'),
  'promtool 3 (.ci/prometheus3)': runs(PROMTOOL_3, '--version'),
  'promtool for large fleets (.ci/promtool)': runs(LARGE_PROMTOOL_2, '--version'),
  'promtool 3 for large fleets (.ci/promtool)': runs(LARGE_PROMTOOL_3, '--version'),
  alertmanager: runs('prometheus-alertmanager', '--version'),
  amtool: runs('amtool', '--version'),
  prometheus: runs('prometheus', '--version'),
  chromium: runs('/usr/bin/chromium', '--version'),
  openssl: runs('openssl', 'version'),
  'helm (.ci/helm)': runs(HELM, 'version'),
  'actionlint (.ci/actionlint)': runs(ACTIONLINT, '-version'),
  'vmalert (.ci/vmalert)': runs(VMALERT, '-version'),
  'custom resources (.ci/crds)': () => existsSync(join(CUSTOM_RESOURCES, 'list')),
  busybox: runs('busybox', 'true'),
  shellcheck: runs('shellcheck', '--version'),
  kubectl: runs('kubectl', 'version', '--client'),
  "Python's prometheus_client": runs('python3', '-c', 'import prometheus_client.openmetrics.parser'),
} as const satisfies Readonly<Record<string, () => boolean>>;

export type Tool = keyof typeof TOOLS;

interface Promtool {
  readonly version: string;
  readonly tool: Tool;
  readonly promtool: string;
}

/** The rules must pass in each. */
export const PROMTOOLS: readonly Promtool[] = [
  { version: '2', tool: 'promtool', promtool: 'promtool' },
  { version: '3', tool: 'promtool 3 (.ci/prometheus3)', promtool: PROMTOOL_3 },
];

/** The same versions for fleets of which a query loads more than 10,000 samples. */
export const LARGE_PROMTOOLS: readonly Promtool[] = [
  { version: '2', tool: 'promtool for large fleets (.ci/promtool)', promtool: LARGE_PROMTOOL_2 },
  { version: '3', tool: 'promtool 3 for large fleets (.ci/promtool)', promtool: LARGE_PROMTOOL_3 },
];

const available = new Map<Tool, boolean>();

function isAvailable(tool: Tool): boolean {
  const known = available.get(tool);
  if (known !== undefined) return known;
  const found = TOOLS[tool]();
  available.set(tool, found);
  return found;
}

/** A suite that needs all of `tools`. If one is missing, the suite is pending, or fails in CI. */
export function describeWith(tools: readonly Tool[], title: string, suite: () => void): void {
  const missing = tools.filter((tool) => !isAvailable(tool));
  if (missing.length === 0) {
    describe(title, suite);
    return;
  }
  const reason = `${missing.join(' and ')} not available here`;
  if (process.env['CI']) {
    describe(title, () => it('has the tools it needs', () => assert.fail(reason)));
    return;
  }
  describe.skip(`${title} (NOT RUN: ${reason})`, suite);
}
