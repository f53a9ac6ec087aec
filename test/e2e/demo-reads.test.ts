/**
 * The demo with pods that read their tokens in different ways, as a separate process.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, it } from 'mocha';
import { READER_PODS } from '../../simulator/demo/readers.ts';
import { MAIN, type Program, startProgram } from '../support/program.ts';
import { describeWith } from '../support/tools.ts';

/** Pods that read their tokens. */
const READERS = ['eager', 'prompt', 'regular', 'cached'];

/** The value of a series, by a part of its labels; undefined without such a series. */
function sampleOf(metrics: string, name: string, label: string): number | undefined {
  const found = new RegExp(`^${name}\\{[^}]*${label}[^}]*\\} (\\S+)$`, 'm').exec(metrics);
  return found === null ? undefined : Number(found[1]);
}

function lastReadOf(metrics: string, pod: string): number | undefined {
  return sampleOf(metrics, 'satoken_last_read_timestamp_seconds', `serviceaccount="${pod}"`);
}

/** The pods with a token that was read, except for that of the exporter itself. */
function readPodsIn(metrics: string): readonly string[] {
  const found = metrics.matchAll(/^satoken_last_read_timestamp_seconds\{.*,pod="([^"]*)"/gm);
  const pods = new Set(Array.from(found, ([, pod = '']) => pod));
  pods.delete('sa-token-exporter');
  return [...pods].toSorted();
}

interface ListedToken {
  readonly pod: string;
  readonly podUid: string;
  readonly volume: string;
  readonly path: string;
  readonly reads?: { readonly habit: string };
}

/** The exporter sends no event after it has seen a read. A pause leaves it the CPU. */
const POLL_MS = 100;

/** Polls until there is a result. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await delay(POLL_MS);
  }
}

describeWith(['foreign functions'], 'the demo of reads', () => {
  let demo: Program;
  before(async () => {
    demo = await startProgram('demo', '--reads.watch');
  });
  after(async () => {
    if (demo.process.exitCode === null) await demo.stop();
  });

  async function tokensOf(pod: string): Promise<readonly ListedToken[]> {
    const response = await fetch(`${demo.url}/tokens?q=${pod}`);
    // Requests are limited.
    if (!response.ok) return [];
    const { tokens } = (await response.json()) as { readonly tokens: readonly ListedToken[] };
    return tokens.filter((token) => token.pod === pod);
  }

  /** The kubelet's directory. */
  async function rootDir(): Promise<string> {
    const [, folder = ''] = await demo.says(/--kubelet.root-dir=(\S+)/);
    return folder;
  }

  /** Runs a command as the demo prints it, next to the exporter. Returns what it prints. */
  async function runCommand(...args: readonly string[]): Promise<string> {
    const folder = await rootDir();
    const options = [`--kubelet.root-dir=${folder}`, `--cluster.kubeconfig=${folder}/../kubeconfig`];
    const child = spawn(process.execPath, [MAIN, ...args, ...options, '--node-name=node-1']);
    return text(child.stdout);
  }

  /** Scrapes until the metrics are as expected. */
  function metricsWith(isExpected: (metrics: string) => boolean): Promise<string> {
    return until(async () => {
      const metrics = await (await fetch(`${demo.url}/metrics`)).text();
      return isExpected(metrics) ? metrics : undefined;
    });
  }

  it('prints a description of every pod', async () => {
    for (const { name, shows } of READER_PODS) await demo.says(new RegExp(`^${name} +${shows}`, 'm'));
  });

  it('shows which pods have read their tokens, and that two of them read each token', async () => {
    // What the pods do is at times of their own.
    const metrics = await metricsWith((found) =>
      READERS.every((name) => lastReadOf(found, name) !== undefined),
    );
    for (const name of READERS) assert.ok(lastReadOf(metrics, name), name);
    for (const name of ['eager', 'prompt'])
      await until(async () => (await tokensOf(name)).find(({ reads }) => reads?.habit === 'rereads'));
  });

  it('shows no read of the pod that never reads its token, and claims nothing before a day', async () => {
    const metrics = await metricsWith(() => true);
    assert.equal(lastReadOf(metrics, 'idle'), undefined);
    assert.equal(sampleOf(metrics, 'satoken_token_reads', 'habit="unread"'), 0);
  });

  it('shows no further read after scan and explain, which open all tokens', async () => {
    const before = readPodsIn(await metricsWith(() => true));
    await runCommand('scan');
    assert.match(await runCommand('explain', 'demo/idle'), /^ {2}last read +not observed by this command/m);
    // Once a later read is seen, those of the commands are.
    const { podUid, volume, path } = await until(async () => (await tokensOf('shop-0'))[0]);
    const file = join(await rootDir(), 'pods', podUid, 'volumes/kubernetes.io~projected', volume, path);
    const metrics = await metricsWith((found) => {
      readFileSync(file);
      return readPodsIn(found).includes('shop-0');
    });
    assert.deepEqual(readPodsIn(metrics), [...before, 'shop-0'].toSorted());
  });

  it('leaves no process and no mount behind', async () => {
    const [, folder = ''] = await demo.says(/--kubelet.root-dir=(\S+)\/kubelet/);
    assert.equal(await demo.stop(), 0);
    assert.doesNotMatch(readFileSync('/proc/mounts', 'utf8'), new RegExp(folder));
    const { stdout } = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    assert.doesNotMatch(stdout, new RegExp(folder));
  });
});
