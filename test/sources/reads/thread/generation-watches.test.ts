/**
 * The watches of each generation of a volume, with real inotify.
 */
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'mocha';
import { SHARED } from '../../../../src/sources/reads/protocol.ts';
import { describeWith } from '../../../support/tools.ts';
import { KIND_OF_MOUNT } from '../../files/support/test-node.ts';
import { CLOSED, FILES, OPENED, useStage } from '../support/stage.ts';
import { open } from '../support/watched-node.ts';

describeWith(['foreign functions'], `the watch of a token's folder (${KIND_OF_MOUNT})`, () => {
  const stage = useStage();

  it('begins with the files of the folder, without a blind time, and without events of its own', () => {
    const volume = stage.writtenVolume();
    const { id } = stage.watched.watch(volume);
    const { started, drained: none, losses } = stage.watched.step();
    const [{ watch: _, generation, files, ...start } = assert.fail('not started'), ...others] = started;
    assert.deepEqual(start, {
      id,
      holder: '',
      isBusy: false,
      blindMs: undefined,
      opensBefore: 0,
      opensAfter: 0,
    });
    assert.deepEqual([files.toSorted(), others, none, losses], [['ca.crt', 'token'], [], [], []]);
    assert.equal(join(volume.location.directory, generation), volume.generation());
    assert.deepEqual(stage.watched.counts(), [1, 1]);
  });

  it('moves to the next generation with each swap, and measures how long it saw nothing', () => {
    const volume = stage.writtenVolume();
    const { id } = stage.watched.watch(volume);
    const [{ watch: first } = assert.fail('not started')] = stage.watched.step().started;
    for (const content of ['second', 'third']) {
      volume.write({ ...FILES, token: content });
      const { started, drained: ended } = stage.watched.step();
      assert.deepEqual(ended.at(-1)?.hasEnded, true);
      const [{ blindMs, watch, ...start } = assert.fail('not started')] = started;
      assert.equal(start.id, id);
      assert.ok(watch > first && blindMs !== undefined && blindMs > 0);
      open(volume, 'token');
      const [{ events, sinceSwapMs } = assert.fail('no events')] = stage.watched.step().drained;
      assert.deepEqual(events, [OPENED, CLOSED]);
      assert.ok(sinceSwapMs !== undefined && sinceSwapMs >= blindMs);
    }
    assert.deepEqual(stage.watched.counts(), [1, 1]);
  });

  it('ends with the last events of the old generation', () => {
    const volume = stage.writtenVolume();
    stage.watched.watch(volume);
    stage.watched.step();
    open(volume, 'token');
    volume.write({ ...FILES, token: 'second' });
    const [ended] = stage.drained();
    assert.equal(ended?.hasEnded, true);
    assert.deepEqual(ended.events.slice(0, 2), [OPENED, CLOSED]);
  });

  it('says which opens of the exporter it may have seen', () => {
    Atomics.store(stage.watched.shared, SHARED.opensBegun, 5);
    Atomics.store(stage.watched.shared, SHARED.opensComplete, 4);
    stage.watched.watch(stage.writtenVolume());
    const [{ opensBefore, opensAfter } = assert.fail('not started')] = stage.watched.step().started;
    assert.deepEqual([opensBefore, opensAfter], [4, 5]);
  });

  it('is in the folder that holds the token, also if its path is nested', () => {
    const volume = stage.writtenVolume({ 'sub/dir/token': 'x', 'ca.crt': 'x' });
    stage.watched.watch(volume, ['sub/dir']);
    assert.deepEqual(
      stage.watched.step().started.map(({ holder, files }) => ({ holder, files })),
      [{ holder: 'sub/dir', files: ['token'] }],
    );
    open(volume, 'sub/dir/token');
    open(volume, 'ca.crt');
    assert.deepEqual(stage.drained(), [{ events: [OPENED, CLOSED], isLossy: false, hasEnded: false }]);
  });

  it('is one for each folder that holds tokens', () => {
    const volume = stage.writtenVolume({ 'sub/token': 'x', token: 'x' });
    stage.watched.watch(volume, ['', 'sub']);
    const { started } = stage.watched.step();
    open(volume, 'sub/token');
    const { drained: all } = stage.watched.step();
    const holders = new Map(started.map(({ watch, holder }) => [watch, holder]));
    assert.deepEqual(
      all.map(({ watch }) => holders.get(watch)),
      ['sub'],
    );
    assert.deepEqual(stage.watched.counts(), [1, 2]);
  });

  it('follows no link in the generation', () => {
    const volume = stage.writtenVolume({ 'sub/token': 'x' });
    const sub = join(volume.generation(), 'sub');
    renameSync(sub, `${sub}-moved`);
    symlinkSync(`${sub}-moved`, sub);
    stage.watched.watch(volume, ['sub']);
    assert.deepEqual([stage.watched.step().started, stage.watched.counts()], [[], [1, 0]]);
  });

  it('follows no ..data that leads out of the volume', () => {
    const volume = stage.writtenVolume();
    const elsewhere = join(stage.node.rootDir, 'elsewhere');
    mkdirSync(elsewhere);
    rmSync(join(volume.location.directory, '..data'));
    symlinkSync(elsewhere, join(volume.location.directory, '..data'));
    stage.watched.watch(volume);
    assert.deepEqual([stage.watched.step().started, stage.watched.counts()], [[], [0, 0]]);
  });
});
