/**
 * Watches of generations that are being written, with real inotify.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'mocha';
import { describeWith } from '../../../support/tools.ts';
import { KIND_OF_MOUNT, type TestVolume } from '../../files/support/test-node.ts';
import { CLOSED, FILES, FOLDER, OPENED, swapTo, useStage } from '../support/stage.ts';
import { open } from '../support/watched-node.ts';

describeWith(['foreign functions'], `the watch of a token's folder (${KIND_OF_MOUNT})`, () => {
  const stage = useStage();

  /** As the kubelet does. The function is called after the folder was created. */
  function rotateSlowly({ location, generation }: TestVolume, name: string, onCreated: () => void): void {
    const before = generation();
    const folder = join(location.directory, name);
    mkdirSync(folder);
    onCreated();
    for (const file of Object.keys(FILES)) writeFileSync(join(folder, file), name);
    // For a group of the file system, it walks through the volume.
    readdirSync(location.directory);
    readdirSync(folder);
    swapTo(location.directory, name);
    rmSync(before, { recursive: true });
  }

  it('sees a reader that opens the token at once if the folder was watched before the swap', () => {
    const volume = stage.writtenVolume();
    stage.watched.watch(volume);
    stage.watched.step();
    rotateSlowly(volume, '..second', () => stage.watched.follow());
    open(volume, 'token');
    stage.watched.follow();
    readdirSync(volume.generation());
    const {
      started,
      drained: [first, ended],
    } = stage.watched.step();
    assert.deepEqual(
      started.map(({ generation, blindMs, files }) => [generation, blindMs, files.toSorted()]),
      [['..second', 0, ['ca.crt', 'token']]],
    );
    assert.deepEqual(
      [first?.events, first?.isLossy, ended?.hasEnded],
      [[OPENED, CLOSED, FOLDER], false, true],
    );
    assert.deepEqual(stage.drained(), []);
    open(volume, 'token');
    assert.deepEqual(stage.drained(), [{ events: [OPENED, CLOSED], isLossy: false, hasEnded: false }]);
  });

  it('takes no file that the kubelet writes for read if it swaps twice before a drain', () => {
    const volume = stage.writtenVolume();
    stage.watched.watch(volume);
    stage.watched.step();
    for (const name of ['..second', '..third']) {
      rotateSlowly(volume, name, () => stage.watched.follow());
      stage.watched.follow();
    }
    const { started, drained: all } = stage.watched.step();
    const [third] = started.filter(({ generation }) => generation === '..third');
    const events = all.find(({ watch }) => watch === third?.watch)?.events ?? [];
    assert.deepEqual([started.length, events.filter(({ name }) => name !== '')], [2, []]);
    open(volume, 'token');
    assert.deepEqual(stage.drained(), [{ events: [OPENED, CLOSED], isLossy: false, hasEnded: false }]);
  });

  it('reports nothing of a folder that is being written, and what happened after the swap later', () => {
    const volume = stage.writtenVolume();
    stage.watched.watch(volume);
    stage.watched.step();
    rotateSlowly(volume, '..second', () => {
      stage.watched.follow();
      assert.deepEqual(stage.drained(), []);
    });
    open(volume, 'token');
    const { started, drained: events } = stage.watched.step();
    assert.deepEqual([started.length, events[0]?.events], [1, [OPENED, CLOSED]]);
  });

  it('forgets a folder that the kubelet created and never swapped in', () => {
    const volume = stage.writtenVolume();
    stage.watched.watch(volume);
    stage.watched.step();
    mkdirSync(join(volume.location.directory, '..failed'));
    stage.watched.follow();
    assert.deepEqual(stage.watched.counts(), [1, 2]);
    rmSync(join(volume.location.directory, '..failed'), { recursive: true });
    rotateSlowly(volume, '..second', () => stage.watched.follow());
    const { started, drained: events } = stage.watched.step();
    assert.deepEqual(
      started.map(({ generation, blindMs }) => [generation, blindMs]),
      [['..second', 0]],
    );
    assert.deepEqual(
      events.map(({ hasEnded }) => hasEnded),
      [true],
    );
    assert.deepEqual(stage.watched.counts(), [1, 1]);
  });

  it('forgets the folder of a volume that is no longer wanted', () => {
    const volume = stage.writtenVolume();
    const target = stage.watched.watch(volume);
    mkdirSync(join(volume.location.directory, '..second'));
    stage.watched.follow();
    stage.watched.unwatch(target);
    stage.watched.step();
    assert.deepEqual(stage.watched.counts(), [0, 0]);
  });

  it('takes a swap that it finds before its event for what it is', () => {
    const volume = stage.writtenVolume();
    stage.watched.watch(volume);
    stage.watched.step();
    rotateSlowly(volume, '..second', () => undefined);
    stage.watched.verify();
    const { started, losses } = stage.watched.step();
    const [{ generation, blindMs } = assert.fail('not started')] = started;
    assert.deepEqual([generation, blindMs !== undefined, losses], ['..second', true, []]);
  });

  it('goes on to watch a generation that it found before the events of its swap', () => {
    const volume = stage.writtenVolume();
    stage.watched.watch(volume);
    swapTo(volume.location.directory, 'none/at/all');
    stage.watched.step();
    mkdirSync(join(volume.location.directory, '..second'));
    writeFileSync(join(volume.location.directory, '..second/token'), 'second');
    swapTo(volume.location.directory, '..second');
    stage.watched.verify();
    assert.deepEqual(
      stage.watched.step().started.map(({ generation }) => generation),
      ['..second'],
    );
    open(volume, 'token');
    assert.deepEqual(stage.drained(), [{ events: [OPENED, CLOSED], isLossy: false, hasEnded: false }]);
    rotateSlowly(volume, '..third', () => stage.watched.follow());
    const { started, drained: events } = stage.watched.step();
    assert.deepEqual([started.length, events.at(-1)?.hasEnded, stage.watched.counts()], [1, true, [1, 1]]);
  });
});
