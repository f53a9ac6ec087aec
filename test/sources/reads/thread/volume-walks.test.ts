/**
 * Walks through a volume, with real inotify: distinguished from opens of the folder alone.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'mocha';
import { describeWith } from '../../../support/tools.ts';
import { KIND_OF_MOUNT } from '../../files/support/test-node.ts';
import { CLOSED, FILES, FOLDER, OPENED, useStage } from '../support/stage.ts';
import { open } from '../support/watched-node.ts';

const VOLUME = { kind: 'volume_opened', name: '' };

describeWith(['foreign functions'], `the watch of a token's folder (${KIND_OF_MOUNT})`, () => {
  const stage = useStage();

  it('distinguishes a walk through the volume from an open of the folder alone', () => {
    const volume = stage.writtenVolume();
    stage.watched.watch(volume);
    stage.watched.step();
    execFileSync('find', [volume.location.directory]);
    readdirSync(volume.generation());
    assert.deepEqual(stage.drained(), [
      { events: [VOLUME, FOLDER, FOLDER], isLossy: false, hasEnded: false },
    ]);
  });

  it('distinguishes a walk from an open of the folder also if its path is nested', () => {
    const volume = stage.writtenVolume({ 'sub/dir/token': 'x' });
    stage.watched.watch(volume, ['sub/dir']);
    stage.watched.step();
    readdirSync(join(volume.generation(), 'sub/dir'));
    execFileSync('find', [volume.location.directory]);
    assert.deepEqual(stage.drained(), [
      { events: [FOLDER, VOLUME, FOLDER], isLossy: false, hasEnded: false },
    ]);
  });

  it('takes no open of the folder for a walk that went elsewhere, or long ago', () => {
    const volume = stage.writtenVolume();
    mkdirSync(join(volume.location.directory, '..old'));
    stage.watched.watch(volume);
    stage.watched.step();
    readdirSync(volume.location.directory);
    readdirSync(join(volume.location.directory, '..old'));
    readdirSync(volume.generation());
    assert.deepEqual(stage.drained(), [{ events: [FOLDER], isLossy: false, hasEnded: false }]);
    readdirSync(volume.location.directory);
    for (let second = 0; second < 2; second += 1) {
      stage.watched.pass(1_000);
      assert.deepEqual(stage.drained(), []);
    }
    readdirSync(volume.generation());
    assert.deepEqual(stage.drained(), [{ events: [FOLDER], isLossy: false, hasEnded: false }]);
  });

  it('knows a walk that goes on after some drains, which are short after a swap', () => {
    const volume = stage.writtenVolume();
    stage.watched.watch(volume);
    stage.watched.step();
    readdirSync(volume.location.directory);
    for (let count = 0; count < 5; count += 1) assert.deepEqual(stage.drained(), []);
    readdirSync(volume.generation());
    assert.deepEqual(stage.drained(), [{ events: [VOLUME, FOLDER], isLossy: false, hasEnded: false }]);
  });

  for (const [what, more] of [
    ['with a watched folder', {}],
    ['without one', Object.fromEntries(Array.from({ length: 130 }, (_, index) => [`f${index}`, 'x']))],
  ] as const)
    it(`ends for good if the volume ${what} is opened all the time, until it is gone`, () => {
      const others = stage.node.volume({ name: 'other' });
      others.write(FILES);
      const volume = stage.writtenVolume({ ...FILES, ...more });
      const target = stage.watched.watch(volume);
      stage.watched.watch(others);
      stage.watched.step();
      const folders = [volume.location.directory, volume.generation()];
      const openMany = (): void => {
        for (let count = 0; count < 9_000; count += 1)
          for (const one of folders) closeSync(openSync(one, 'r'));
      };
      openMany();
      assert.deepEqual(stage.watched.step().losses, ['overflow']);
      openMany();
      open(others, 'token');
      assert.deepEqual(stage.watched.step().drained.at(-1)?.events, [OPENED, CLOSED]);
      volume.write({ ...FILES, token: 'second' });
      stage.watched.step();
      stage.watched.verify();
      assert.deepEqual([stage.watched.step().losses, stage.watched.counts()[1]], [['busy'], 1]);
      stage.watched.unwatch(target);
      stage.watched.watch(volume);
      assert.equal(stage.watched.step().started.length, 1);
    });
});
