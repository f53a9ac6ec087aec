/**
 * The pods of the demo over one simulated hour.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { DEMO_PODS, startDemoPods } from '../../../simulator/demo/pods.ts';
import { chooseMounts } from '../../../simulator/kubelet/mounts.ts';
import { createWorld, type World } from '../../../simulator/world.ts';
import { NO_FACTS } from '../../../src/core/facts.ts';
import { createTakeSnapshot, type Snapshot } from '../../../src/core/snapshot.ts';
import { createTokenFiles, type TokenFiles } from '../../../src/sources/files/token-files.ts';

const START = 1_795_000_000;
const STEP = 15;
const HOUR = 3_600;

describe('the pods of the demo', () => {
  const rootDir = mkdtempSync(join(tmpdir(), 'satoken-world-'));
  const takeSnapshot = createTakeSnapshot({
    rotationGrace: 300,
    syncFrequency: 60,
    audience: { rules: [], useCatalogue: true },
  });
  const nothing = (): void => undefined;
  let now = START;
  let rotations = 0;
  let world: World;
  let source: TokenFiles;

  const shopAt = async (time: number): Promise<Snapshot['assessments']> => {
    now = time;
    world.tick();
    await source.scan();
    return takeSnapshot({ ...NO_FACTS, observation: source.observe() }, now).assessments.filter(({ token }) =>
      token.identity.pod.startsWith('shop-'),
    );
  };

  before(() => {
    world = createWorld({ rootDir, mounts: chooseMounts(rootDir), now: () => now });
    startDemoPods(world);
    source = createTokenFiles({
      rootDir,
      isWatching: false,
      now: () => now,
      onNudge: nothing,
      onRotation: () => {
        rotations += 1;
      },
      onReadFailure: nothing,
      onWatchFailure: nothing,
    });
  });
  after(() => {
    source.close();
    world.kubelet.close();
    rmSync(rootDir, { recursive: true });
  });

  it('keeps the shop healthy, with one token always due and at least one rotation per minute', async () => {
    let seen = 0;
    for (let time = START; time <= START + HOUR; time += STEP) {
      const shop = await shopAt(time);
      const states = new Set(shop.map(({ state }) => state));
      assert.deepEqual(
        [...states].filter((state) => state !== 'fresh' && state !== 'refresh_due'),
        [],
      );
      assert.ok(states.has('refresh_due'), `at ${time - START} s`);
      if ((time - START) % 60 !== 0 || time === START) continue;
      assert.ok(rotations > seen, `at ${time - START} s`);
      seen = rotations;
    }
  });

  it('names every pod after a row of the table, except for the exporter', () => {
    const names = ['sa-token-exporter', ...DEMO_PODS.map(({ name }) => name)];
    for (const { metadata } of world.kubelet.pods())
      assert.ok(
        names.some((name) => metadata.name === name || metadata.name.startsWith(`${name}-`)),
        metadata.name,
      );
  });
});
