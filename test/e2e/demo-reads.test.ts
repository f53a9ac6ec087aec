/**
 * The demo with pods that read their tokens in different ways, as a separate process.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, it } from 'mocha';
import { READER_PODS } from '../../simulator/demo/readers.ts';
import { type Program, startProgram } from '../support/program.ts';
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

describeWith(['foreign functions'], 'the demo of reads', () => {
  let demo: Program;
  before(async () => {
    demo = await startProgram('demo', '--reads.watch');
  });
  after(async () => {
    if (demo.process.exitCode === null) await demo.stop();
  });

  /** Of the only token of a pod. */
  async function habitOf(pod: string): Promise<string | undefined> {
    const response = await fetch(`${demo.url}/tokens?q=${pod}`);
    // Requests are limited.
    const text = response.ok ? await response.text() : '{"tokens":[]}';
    const { tokens } = JSON.parse(text) as {
      readonly tokens: readonly { readonly pod: string; readonly reads?: { readonly habit: string } }[];
    };
    return tokens.find((token) => token.pod === pod)?.reads?.habit;
  }

  /** Scrapes until the metrics are as expected. */
  async function metricsWith(isExpected: (metrics: string) => boolean): Promise<string> {
    for (;;) {
      const metrics = await (await fetch(`${demo.url}/metrics`)).text();
      if (isExpected(metrics)) return metrics;
    }
  }

  it('prints a description of every pod', async () => {
    for (const { name, shows } of READER_PODS) await demo.says(new RegExp(`^${name} +${shows}`, 'm'));
  });

  it('shows which pods have read their tokens, and that two of them read each token', async () => {
    // What the pods do is at times of their own.
    const metrics = await metricsWith((text) =>
      READERS.every((name) => lastReadOf(text, name) !== undefined),
    );
    for (const name of READERS) assert.ok(lastReadOf(metrics, name), name);
    for (const name of ['eager', 'prompt']) while ((await habitOf(name)) !== 'rereads');
  });

  it('shows no read of the pod that never reads its token, and claims nothing before a day', async () => {
    const metrics = await metricsWith(() => true);
    assert.equal(lastReadOf(metrics, 'idle'), undefined);
    assert.equal(sampleOf(metrics, 'satoken_token_reads', 'habit="unread"'), 0);
  });

  it('leaves no process and no mount behind', async () => {
    const [, folder = ''] = await demo.says(/--kubelet.root-dir=(\S+)\/kubelet/);
    assert.equal(await demo.stop(), 0);
    assert.doesNotMatch(readFileSync('/proc/mounts', 'utf8'), new RegExp(folder));
    const { stdout } = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    assert.doesNotMatch(stdout, new RegExp(folder));
  });
});
