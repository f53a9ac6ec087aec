/**
 * Rulers other than Prometheus, with the storage that they read from.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { hasEnded } from '../../test/support/command.ts';
import { freePort } from '../../test/support/free-port.ts';

export interface Setup {
  readonly program: string;
  readonly folder: string;
  /** The text of the rules, and how often they are evaluated in milliseconds. */
  readonly rules: string;
  readonly interval: number;
  /** The port of Alertmanager. */
  readonly alertmanager: number;
  /** The programs that were started, for the caller to stop. */
  readonly started: ChildProcess[];
}

export interface Ruler {
  /** Where Prometheus writes samples to. */
  readonly remoteWrite: string;
  /** The API with the rules and alerts, as that of Prometheus. */
  readonly api: string;
}

const POLL_MS = 250;
const LOCAL = '127.0.0.1';

async function isReady(port: number, path: string): Promise<boolean> {
  try {
    return (await fetch(`http://${LOCAL}:${port}${path}`)).ok;
  } catch {
    return false;
  }
}

/** Starts the program and waits until it is ready at that path. Its log is in the folder. */
async function run(
  { program, folder, started }: Setup,
  { name, port, path }: { readonly name: string; readonly port: number; readonly path: string },
  ...args: readonly string[]
): Promise<void> {
  const file = join(folder, `${name}.log`);
  const log = openSync(file, 'w');
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', log, log] });
  // It has no process then.
  child.once('error', () => undefined);
  started.push(child);
  while (!(await isReady(port, path))) {
    if (hasEnded(child)) throw new Error(`${program} did not start: ${readFileSync(file, 'utf8')}`);
    await sleep(POLL_MS);
  }
}

/** A component of Thanos with ports of its own. */
async function startThanos(setup: Setup, component: string, ...args: readonly string[]) {
  const [http, grpc] = [await freePort(), await freePort()];
  const listen = [`--http-address=${LOCAL}:${http}`, `--grpc-address=${LOCAL}:${grpc}`];
  await run(setup, { name: component, port: http, path: '/-/ready' }, component, ...listen, ...args);
  return { http, grpc: `${LOCAL}:${grpc}` };
}

/** Receive takes the samples; the ruler reads them, and what it has recorded, from Query. */
export async function startThanosRuler(setup: Setup): Promise<Ruler> {
  const { folder, rules, interval, alertmanager } = setup;
  writeFileSync(join(folder, 'rules.yaml'), rules);
  const write = await freePort();
  const receive = await startThanos(
    setup,
    'receive',
    `--tsdb.path=${folder}/receive`,
    `--remote-write.address=${LOCAL}:${write}`,
    '--label=receive="0"',
  );
  const query = await freePort();
  const rule = await startThanos(
    setup,
    'rule',
    `--data-dir=${folder}/rule`,
    `--rule-file=${folder}/rules.yaml`,
    `--query=http://${LOCAL}:${query}`,
    `--alertmanagers.url=http://${LOCAL}:${alertmanager}`,
    `--eval-interval=${interval}ms`,
    `--resend-delay=${interval}ms`,
    '--label=ruler="0"',
    '--alert.label-drop=ruler',
  );
  await run(
    setup,
    { name: 'query', port: query, path: '/-/ready' },
    'query',
    `--http-address=${LOCAL}:${query}`,
    `--grpc-address=${LOCAL}:${await freePort()}`,
    ...[receive, rule].map(({ grpc }) => `--endpoint=${grpc}`),
    '--query.replica-label=replica',
  );
  return {
    remoteWrite: `http://${LOCAL}:${write}/api/v1/receive`,
    api: `http://${LOCAL}:${rule.http}/api/v1`,
  };
}

function mimirConfig({ folder, interval, alertmanager }: Setup, ports: readonly number[], maxRules: number) {
  const [http, grpc, gossip] = ports;
  const ring = { instance_addr: LOCAL, kvstore: { store: 'inmemory' } };
  return JSON.stringify({
    multitenancy_enabled: false,
    server: {
      http_listen_address: LOCAL,
      http_listen_port: http,
      grpc_listen_address: LOCAL,
      grpc_listen_port: grpc,
    },
    memberlist: { bind_addr: [LOCAL], bind_port: gossip },
    blocks_storage: {
      backend: 'filesystem',
      filesystem: { dir: `${folder}/blocks` },
      bucket_store: { sync_dir: `${folder}/sync` },
      tsdb: { dir: `${folder}/tsdb` },
    },
    compactor: { data_dir: `${folder}/compactor`, sharding_ring: ring },
    distributor: { ring },
    ingester: { ring: { ...ring, replication_factor: 1 } },
    store_gateway: { sharding_ring: { ...ring, replication_factor: 1 } },
    ruler_storage: { backend: 'filesystem', filesystem: { dir: `${folder}/rules` } },
    ruler: {
      ring,
      rule_path: `${folder}/ruler`,
      alertmanager_url: `http://${LOCAL}:${alertmanager}`,
      evaluation_interval: `${interval}ms`,
      poll_interval: `${interval}ms`,
      resend_delay: `${interval}ms`,
    },
    limits: { ruler_max_rules_per_rule_group: maxRules, ruler_evaluation_delay_duration: '0s' },
    usage_stats: { enabled: false },
  });
}

const NAMESPACE = 'tokens';

/** The error of the first group that Mimir refuses; undefined if it takes all. */
async function loadGroups(http: number, rules: string): Promise<string | undefined> {
  const { groups } = parse(rules) as { readonly groups: readonly unknown[] };
  for (const group of groups) {
    const response = await fetch(`http://${LOCAL}:${http}/prometheus/config/v1/rules/${NAMESPACE}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/yaml' },
      body: stringify(group),
    });
    if (!response.ok) return response.text();
  }
  return undefined;
}

/** One process with all components. `maxRules` is its limit of rules in a group. */
export async function startMimir(setup: Setup, maxRules = 20): Promise<Ruler> {
  const ports = [await freePort(), await freePort(), await freePort()] as const;
  const [http] = ports;
  writeFileSync(join(setup.folder, 'mimir.yaml'), mimirConfig(setup, ports, maxRules));
  const config = `-config.file=${setup.folder}/mimir.yaml`;
  await run(setup, { name: 'mimir', port: http, path: '/ready' }, '-target=all', config);
  const error = await loadGroups(http, setup.rules);
  if (error !== undefined) throw new Error(error);
  return {
    remoteWrite: `http://${LOCAL}:${http}/api/v1/push`,
    api: `http://${LOCAL}:${http}/prometheus/api/v1`,
  };
}
