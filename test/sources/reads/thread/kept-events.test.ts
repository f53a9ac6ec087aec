/**
 * Folders with more events than a drain keeps, with real inotify.
 */
import assert from 'node:assert/strict';
import { it } from 'mocha';
import { describeWith } from '../../../support/tools.ts';
import { KIND_OF_MOUNT } from '../../files/support/test-node.ts';
import { CLOSED, FILES, OPENED, useStage } from '../support/stage.ts';
import { open } from '../support/watched-node.ts';

describeWith(['foreign functions'], `the watch of a token's folder (${KIND_OF_MOUNT})`, () => {
  const stage = useStage();

  it('watches only opens of a folder with many events, which the kernel then merges', () => {
    const volume = stage.writtenVolume();
    stage.watched.watch(volume);
    for (let count = 0; count < 500; count += 1) open(volume, 'token');
    const [{ events, isLossy } = assert.fail('no events')] = stage.drained();
    assert.deepEqual([events.length < 500, isLossy], [true, true]);
    for (let count = 0; count < 500; count += 1) open(volume, 'token');
    assert.deepEqual(stage.drained(), [{ events: [OPENED], isLossy: false, hasEnded: false }]);
    volume.write({ ...FILES, token: 'second' });
    assert.deepEqual(
      stage.watched.step().started.map(({ isBusy }) => isBusy),
      [true],
    );
    for (let count = 0; count < 500; count += 1) open(volume, 'token');
    assert.deepEqual(stage.drained(), [{ events: [OPENED], isLossy: false, hasEnded: false }]);
  });

  it('ends for good if even its opens are too many, and says so, while others go on', () => {
    const others = stage.node.volume({ name: 'other' });
    others.write(FILES);
    const volume = stage.writtenVolume();
    for (const one of [volume, others]) stage.watched.watch(one);
    const openMany = (): void => {
      for (let count = 0; count < 500; count += 1) for (const name of ['token', 'ca.crt']) open(volume, name);
    };
    openMany();
    assert.equal(stage.drained().at(0)?.isLossy, true);
    openMany();
    assert.equal(stage.drained().at(0)?.isLossy, true);
    openMany();
    assert.deepEqual([stage.drained().at(0)?.hasEnded, stage.watched.counts()], [true, [2, 1]]);
    for (const content of ['second', 'third']) {
      volume.write({ ...FILES, token: content });
      assert.deepEqual(stage.watched.step().losses, ['busy']);
    }
    open(others, 'token');
    assert.deepEqual(stage.drained(), [{ events: [OPENED, CLOSED], isLossy: false, hasEnded: false }]);
    assert.deepEqual(stage.watched.counts(), [2, 1]);
  });
});
