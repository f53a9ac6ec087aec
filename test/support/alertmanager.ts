/**
 * A real Alertmanager, and its API.
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCommand } from './command.ts';

type Labels = Readonly<Record<string, string>>;

/** An alert in Alertmanager, sent or inhibited. */
export interface ActiveAlert {
  readonly labels: Labels;
  readonly status: { readonly state: string; readonly inhibitedBy: readonly string[] };
}

/** `config` is the text of its configuration file. */
export function startAlertmanager(folder: string, port: number, config: string): Promise<ChildProcess> {
  const file = join(folder, 'alertmanager.yaml');
  writeFileSync(file, config);
  return startCommand(
    'prometheus-alertmanager',
    'msg="Listening on"',
    `--config.file=${file}`,
    `--storage.path=${folder}/alertmanager`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  );
}

function api(port: number): string {
  return `http://127.0.0.1:${port}/api/v2/alerts`;
}

/** `filter` is a matcher in the notation of Alertmanager. */
export async function activeAlerts(port: number, filter: string): Promise<readonly ActiveAlert[]> {
  const query = new URLSearchParams({ filter });
  return (await (await fetch(`${api(port)}?${query}`)).json()) as ActiveAlert[];
}

/** The alerts of one notification. */
interface AlertGroup {
  readonly receiver: { readonly name: string };
  readonly labels: Labels;
}

/** The groups that Alertmanager notifies of, without what it inhibits. */
export async function alertGroups(port: number, filter: string): Promise<readonly AlertGroup[]> {
  const query = new URLSearchParams({ filter, active: 'true', inhibited: 'false' });
  return (await (await fetch(`${api(port)}/groups?${query}`)).json()) as AlertGroup[];
}

/** Fires alerts that last for an hour. */
export async function postAlerts(port: number, alerts: readonly Labels[]): Promise<void> {
  const endsAt = new Date(Date.now() + 3_600_000);
  const body = JSON.stringify(alerts.map((labels) => ({ labels, endsAt })));
  const headers = { 'Content-Type': 'application/json' };
  const { status } = await fetch(api(port), { method: 'POST', headers, body });
  assert.equal(status, 200);
}
