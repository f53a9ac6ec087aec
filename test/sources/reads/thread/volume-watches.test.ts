/**
 * Volumes that come and go, mounts, and the kernel's limits, with real inotify.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'mocha';
import { describeWith } from '../../../support/tools.ts';
import { KIND_OF_MOUNT, type TestVolume } from '../../files/support/test-node.ts';
import type { LimitedStage } from '../support/limited-watches.ts';
import { CLOSED, FILES, OPENED, useStage } from '../support/stage.ts';

describeWith(['foreign functions'], `the watch of a token's folder (${KIND_OF_MOUNT})`, () => {
  const stage = useStage();

  it('ends if the volume is not wanted any longer', () => {
    const target = stage.watched.watch(stage.writtenVolume());
    stage.watched.step();
    stage.watched.unwatch(target);
    assert.deepEqual(stage.drained(), [{ events: [], isLossy: false, hasEnded: true }]);
    assert.deepEqual(stage.watched.counts(), [0, 0]);
  });

  it('begins once a volume that was not mounted at first is verified', () => {
    const volume = stage.node.volume();
    stage.watched.watch(volume);
    assert.deepEqual([stage.watched.step().started, stage.watched.counts()], [[], [0, 0]]);
    volume.write(FILES);
    stage.watched.verify();
    const [{ blindMs } = assert.fail('not started')] = stage.watched.step().started;
    assert.equal(blindMs, undefined);
  });
});

describeWith(['foreign functions', 'root', 'mount namespaces'], 'the watch of a folder under mounts', () => {
  const stage = useStage();

  /** Runs a script in another mount namespace, in which `$1` is a read-only bind mount of the volume. */
  function runInContainer({ location }: TestVolume, script: string): void {
    const inContainer = join(stage.node.rootDir, 'container');
    mkdirSync(inContainer);
    const mounted = 'mount --bind "$1" "$2" && mount -o remount,bind,ro "$2" && shift';
    const args = ['--mount', '--propagation=private', 'sh', '-c', `${mounted} && ${script}`, 'sh'];
    execFileSync('unshare', [...args, location.directory, inContainer]);
  }

  for (const script of [
    'cat "$1/token"',
    'cat "$1/..data/token"',
    'cat "$(readlink -f "$1/token")"',
    'cat "/proc/$$/root$1/token"',
    'cd "$1" && cat token',
    'cat < "$1/token"',
    'dd if="$1/token" of=/dev/null status=none',
  ])
    it(`sees an open through a read-only bind mount in another mount namespace: ${script}`, () => {
      const volume = stage.writtenVolume();
      stage.watched.watch(volume);
      stage.watched.step();
      runInContainer(volume, script);
      assert.deepEqual(stage.drained(), [{ events: [OPENED, CLOSED], isLossy: false, hasEnded: false }]);
    });

  for (const script of [
    'stat "$1/token"',
    'test -r "$1/token"',
    'ls -l "$1/token"',
    '! ln "$(readlink -f "$1/token")" "$1/..data/other" 2> /dev/null',
    '! ln "$(readlink -f "$1/token")" "$1/../other" 2> /dev/null',
    '! sh -c \'> "$1/token"\' sh "$1" 2> /dev/null',
  ])
    it(`sees no open there: ${script}`, () => {
      const volume = stage.writtenVolume();
      stage.watched.watch(volume);
      stage.watched.step();
      runInContainer(volume, script);
      assert.deepEqual(stage.drained(), []);
    });

  it('ends if the volume is unmounted, and begins again with the next one', () => {
    const volume = stage.writtenVolume();
    stage.watched.watch(volume);
    stage.watched.step();
    volume.unmount();
    assert.deepEqual([stage.drained().at(-1)?.hasEnded, stage.watched.counts()], [true, [0, 0]]);
    stage.watched.verify();
    volume.mount();
    volume.write(FILES);
    stage.watched.verify();
    assert.equal(stage.watched.step().started.length, 1);
  });

  it('moves to a volume that is mounted over the first', () => {
    const volume = stage.writtenVolume();
    stage.watched.watch(volume);
    stage.watched.step();
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', volume.location.directory]);
    try {
      volume.write(FILES);
      stage.watched.verify();
      const { started, losses, drained: ended } = stage.watched.step();
      assert.deepEqual([started.length, losses], [1, ['event_lost']]);
      assert.deepEqual(
        ended.map(({ hasEnded }) => hasEnded),
        [true],
      );
      volume.write({ ...FILES, token: 'second' });
      assert.notEqual(stage.watched.step().started.at(0)?.blindMs, undefined);
    } finally {
      execFileSync('umount', [volume.location.directory]);
    }
  });
});

const LIMITED = new URL(import.meta.resolve('../support/limited-watches.ts')).pathname;

function underLimit(limit: string, value: number): LimitedStage {
  const script = [process.execPath, LIMITED, limit, String(value)];
  const args = ['--user', '--map-root-user', '--mount', ...script];
  return JSON.parse(execFileSync('unshare', args, { encoding: 'utf8' })) as LimitedStage;
}

describeWith(['foreign functions', 'user namespaces'], "the kernel's limits on inotify", () => {
  it('are reported as max_user_watches, once, until watches are tried again a minute later', () => {
    assert.deepEqual(underLimit('max_inotify_watches', 4), {
      started: 1,
      losses: ['max_user_watches'],
      later: [],
      afterMinute: 3,
    });
  });

  it('are reported as max_user_instances', () => {
    assert.equal(underLimit('max_inotify_instances', 1).failure, 'max_user_instances');
  });
});
