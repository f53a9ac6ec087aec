/**
 * Watching the folders of tokens with real inotify: opens, swaps, mounts, and the kernel's limits.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'mocha';
import { SHARED } from '../../../../src/sources/reads/protocol.ts';
import { describeWith } from '../../../support/tools.ts';
import { createNode, KIND_OF_MOUNT, type TestNode, type TestVolume } from '../../files/support/test-node.ts';
import type { LimitedStage } from '../support/limited-watches.ts';
import { createWatchedNode, open, type WatchedNode } from '../support/watched-node.ts';

const OPENED = { kind: 'opened', name: 'token' } as const;
const CLOSED = { kind: 'closed', name: 'token' } as const;
const FOLDER = { kind: 'folder_opened', name: '' } as const;
const VOLUME = { kind: 'volume_opened', name: '' };
const FILES = { token: 'x', 'ca.crt': 'x' };

let node: TestNode;
let watched: WatchedNode;

/** Hooks at the top level of a file would run for all files. */
function useFreshNode(): void {
  beforeEach(() => {
    node = createNode();
    watched = createWatchedNode();
  });
  afterEach(() => {
    watched.close();
    node.remove();
  });
}

function writtenVolume(files: Readonly<Record<string, string>> = FILES): TestVolume {
  const volume = node.volume();
  volume.write(files);
  return volume;
}

/** The events of all folders, and whether each of the folders lost some or has ended. */
function drained() {
  return watched.step().drained.map(({ events, isLossy, hasEnded }) => ({ events, isLossy, hasEnded }));
}

function swapTo(folder: string, generation: string): void {
  symlinkSync(generation, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
}

describeWith(['foreign functions'], `the watch of a token's folder (${KIND_OF_MOUNT})`, () => {
  useFreshNode();

  it('begins with the files of the folder, without a blind time, and without events of its own', () => {
    const volume = writtenVolume();
    const { id } = watched.watch(volume);
    const { started, drained: none, losses } = watched.step();
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
    assert.deepEqual(watched.counts(), [1, 1]);
  });

  it('sees opens and closes of files, and opens of the folder, in order', () => {
    const volume = writtenVolume();
    watched.watch(volume);
    open(volume, '..data/token');
    readdirSync(volume.generation());
    open(volume, 'token');
    open(volume, 'ca.crt');
    const [{ events, sinceSwapMs } = assert.fail('no events')] = watched.step().drained;
    const others = [
      { kind: 'opened', name: 'ca.crt' },
      { kind: 'closed', name: 'ca.crt' },
    ];
    assert.deepEqual(events, [OPENED, CLOSED, FOLDER, OPENED, CLOSED, ...others]);
    assert.equal(sinceSwapMs, undefined);
    assert.deepEqual(drained(), []);
  });

  it('distinguishes a walk through the volume from an open of the folder alone', () => {
    const volume = writtenVolume();
    watched.watch(volume);
    watched.step();
    execFileSync('find', [volume.location.directory]);
    readdirSync(volume.generation());
    assert.deepEqual(drained(), [{ events: [VOLUME, FOLDER, FOLDER], isLossy: false, hasEnded: false }]);
  });

  it('distinguishes a walk from an open of the folder also if its path is nested', () => {
    const volume = writtenVolume({ 'sub/dir/token': 'x' });
    watched.watch(volume, ['sub/dir']);
    watched.step();
    readdirSync(join(volume.generation(), 'sub/dir'));
    execFileSync('find', [volume.location.directory]);
    assert.deepEqual(drained(), [{ events: [FOLDER, VOLUME, FOLDER], isLossy: false, hasEnded: false }]);
  });

  it('takes no open of the folder for a walk that went elsewhere, or long ago', () => {
    const volume = writtenVolume();
    mkdirSync(join(volume.location.directory, '..old'));
    watched.watch(volume);
    watched.step();
    readdirSync(volume.location.directory);
    readdirSync(join(volume.location.directory, '..old'));
    readdirSync(volume.generation());
    assert.deepEqual(drained(), [{ events: [FOLDER], isLossy: false, hasEnded: false }]);
    readdirSync(volume.location.directory);
    for (let second = 0; second < 2; second += 1) {
      watched.pass(1_000);
      assert.deepEqual(drained(), []);
    }
    readdirSync(volume.generation());
    assert.deepEqual(drained(), [{ events: [FOLDER], isLossy: false, hasEnded: false }]);
  });

  it('knows a walk that goes on after some drains, which are short after a swap', () => {
    const volume = writtenVolume();
    watched.watch(volume);
    watched.step();
    readdirSync(volume.location.directory);
    for (let count = 0; count < 5; count += 1) assert.deepEqual(drained(), []);
    readdirSync(volume.generation());
    assert.deepEqual(drained(), [{ events: [VOLUME, FOLDER], isLossy: false, hasEnded: false }]);
  });

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
    const volume = writtenVolume();
    watched.watch(volume);
    watched.step();
    rotateSlowly(volume, '..second', () => watched.follow());
    open(volume, 'token');
    watched.follow();
    readdirSync(volume.generation());
    const {
      started,
      drained: [first, ended],
    } = watched.step();
    assert.deepEqual(
      started.map(({ generation, blindMs, files }) => [generation, blindMs, files.toSorted()]),
      [['..second', 0, ['ca.crt', 'token']]],
    );
    assert.deepEqual(
      [first?.events, first?.isLossy, ended?.hasEnded],
      [[OPENED, CLOSED, FOLDER], false, true],
    );
    assert.deepEqual(drained(), []);
    open(volume, 'token');
    assert.deepEqual(drained(), [{ events: [OPENED, CLOSED], isLossy: false, hasEnded: false }]);
  });

  it('takes no file that the kubelet writes for read if it swaps twice before a drain', () => {
    const volume = writtenVolume();
    watched.watch(volume);
    watched.step();
    for (const name of ['..second', '..third']) {
      rotateSlowly(volume, name, () => watched.follow());
      watched.follow();
    }
    const { started, drained: all } = watched.step();
    const [third] = started.filter(({ generation }) => generation === '..third');
    const events = all.find(({ watch }) => watch === third?.watch)?.events ?? [];
    assert.deepEqual([started.length, events.filter(({ name }) => name !== '')], [2, []]);
    open(volume, 'token');
    assert.deepEqual(drained(), [{ events: [OPENED, CLOSED], isLossy: false, hasEnded: false }]);
  });

  it('reports nothing of a folder that is being written, and what happened after the swap later', () => {
    const volume = writtenVolume();
    watched.watch(volume);
    watched.step();
    rotateSlowly(volume, '..second', () => {
      watched.follow();
      assert.deepEqual(drained(), []);
    });
    open(volume, 'token');
    const { started, drained: events } = watched.step();
    assert.deepEqual([started.length, events[0]?.events], [1, [OPENED, CLOSED]]);
  });

  it('forgets a folder that the kubelet created and never swapped in', () => {
    const volume = writtenVolume();
    watched.watch(volume);
    watched.step();
    mkdirSync(join(volume.location.directory, '..failed'));
    watched.follow();
    assert.deepEqual(watched.counts(), [1, 2]);
    rmSync(join(volume.location.directory, '..failed'), { recursive: true });
    rotateSlowly(volume, '..second', () => watched.follow());
    const { started, drained: events } = watched.step();
    assert.deepEqual(
      started.map(({ generation, blindMs }) => [generation, blindMs]),
      [['..second', 0]],
    );
    assert.deepEqual(
      events.map(({ hasEnded }) => hasEnded),
      [true],
    );
    assert.deepEqual(watched.counts(), [1, 1]);
  });

  it('forgets the folder of a volume that is no longer wanted', () => {
    const volume = writtenVolume();
    const target = watched.watch(volume);
    mkdirSync(join(volume.location.directory, '..second'));
    watched.follow();
    watched.unwatch(target);
    watched.step();
    assert.deepEqual(watched.counts(), [0, 0]);
  });

  it('takes a swap that it finds before its event for what it is', () => {
    const volume = writtenVolume();
    watched.watch(volume);
    watched.step();
    rotateSlowly(volume, '..second', () => undefined);
    watched.verify();
    const { started, losses } = watched.step();
    const [{ generation, blindMs } = assert.fail('not started')] = started;
    assert.deepEqual([generation, blindMs !== undefined, losses], ['..second', true, []]);
  });

  it('goes on to watch a generation that it found before the events of its swap', () => {
    const volume = writtenVolume();
    watched.watch(volume);
    swapTo(volume.location.directory, 'none/at/all');
    watched.step();
    mkdirSync(join(volume.location.directory, '..second'));
    writeFileSync(join(volume.location.directory, '..second/token'), 'second');
    swapTo(volume.location.directory, '..second');
    watched.verify();
    assert.deepEqual(
      watched.step().started.map(({ generation }) => generation),
      ['..second'],
    );
    open(volume, 'token');
    assert.deepEqual(drained(), [{ events: [OPENED, CLOSED], isLossy: false, hasEnded: false }]);
    rotateSlowly(volume, '..third', () => watched.follow());
    const { started, drained: events } = watched.step();
    assert.deepEqual([started.length, events.at(-1)?.hasEnded, watched.counts()], [1, true, [1, 1]]);
  });

  it('moves to the next generation with each swap, and measures how long it saw nothing', () => {
    const volume = writtenVolume();
    const { id } = watched.watch(volume);
    const [{ watch: first } = assert.fail('not started')] = watched.step().started;
    for (const content of ['second', 'third']) {
      volume.write({ ...FILES, token: content });
      const { started, drained: ended } = watched.step();
      assert.deepEqual(ended.at(-1)?.hasEnded, true);
      const [{ blindMs, watch, ...start } = assert.fail('not started')] = started;
      assert.equal(start.id, id);
      assert.ok(watch > first && blindMs !== undefined && blindMs > 0);
      open(volume, 'token');
      const [{ events, sinceSwapMs } = assert.fail('no events')] = watched.step().drained;
      assert.deepEqual(events, [OPENED, CLOSED]);
      assert.ok(sinceSwapMs !== undefined && sinceSwapMs >= blindMs);
    }
    assert.deepEqual(watched.counts(), [1, 1]);
  });

  it('ends with the last events of the old generation', () => {
    const volume = writtenVolume();
    watched.watch(volume);
    watched.step();
    open(volume, 'token');
    volume.write({ ...FILES, token: 'second' });
    const [ended] = drained();
    assert.equal(ended?.hasEnded, true);
    assert.deepEqual(ended.events.slice(0, 2), [OPENED, CLOSED]);
  });

  it('says which opens of the exporter it may have seen', () => {
    Atomics.store(watched.shared, SHARED.opensBegun, 5);
    Atomics.store(watched.shared, SHARED.opensComplete, 4);
    watched.watch(writtenVolume());
    const [{ opensBefore, opensAfter } = assert.fail('not started')] = watched.step().started;
    assert.deepEqual([opensBefore, opensAfter], [4, 5]);
  });

  it('is in the folder that holds the token, also if its path is nested', () => {
    const volume = writtenVolume({ 'sub/dir/token': 'x', 'ca.crt': 'x' });
    watched.watch(volume, ['sub/dir']);
    assert.deepEqual(
      watched.step().started.map(({ holder, files }) => ({ holder, files })),
      [{ holder: 'sub/dir', files: ['token'] }],
    );
    open(volume, 'sub/dir/token');
    open(volume, 'ca.crt');
    assert.deepEqual(drained(), [{ events: [OPENED, CLOSED], isLossy: false, hasEnded: false }]);
  });

  it('is one for each folder that holds tokens', () => {
    const volume = writtenVolume({ 'sub/token': 'x', token: 'x' });
    watched.watch(volume, ['', 'sub']);
    const { started } = watched.step();
    open(volume, 'sub/token');
    const { drained: all } = watched.step();
    const holders = new Map(started.map(({ watch, holder }) => [watch, holder]));
    assert.deepEqual(
      all.map(({ watch }) => holders.get(watch)),
      ['sub'],
    );
    assert.deepEqual(watched.counts(), [1, 2]);
  });

  it('follows no link in the generation', () => {
    const volume = writtenVolume({ 'sub/token': 'x' });
    const sub = join(volume.generation(), 'sub');
    renameSync(sub, `${sub}-moved`);
    symlinkSync(`${sub}-moved`, sub);
    watched.watch(volume, ['sub']);
    assert.deepEqual([watched.step().started, watched.counts()], [[], [1, 0]]);
  });

  it('follows no ..data that leads out of the volume', () => {
    const volume = writtenVolume();
    const elsewhere = join(node.rootDir, 'elsewhere');
    mkdirSync(elsewhere);
    rmSync(join(volume.location.directory, '..data'));
    symlinkSync(elsewhere, join(volume.location.directory, '..data'));
    watched.watch(volume);
    assert.deepEqual([watched.step().started, watched.counts()], [[], [0, 0]]);
  });

  it('ends if the volume is not wanted any longer', () => {
    const target = watched.watch(writtenVolume());
    watched.step();
    watched.unwatch(target);
    assert.deepEqual(drained(), [{ events: [], isLossy: false, hasEnded: true }]);
    assert.deepEqual(watched.counts(), [0, 0]);
  });

  it('begins once a volume that was not mounted at first is verified', () => {
    const volume = node.volume();
    watched.watch(volume);
    assert.deepEqual([watched.step().started, watched.counts()], [[], [0, 0]]);
    volume.write(FILES);
    watched.verify();
    const [{ blindMs } = assert.fail('not started')] = watched.step().started;
    assert.equal(blindMs, undefined);
  });

  it('claims nothing for any folder after an overflow of the queue', () => {
    const others = node.volume({ name: 'other' });
    others.write(FILES);
    const volume = writtenVolume();
    for (const one of [volume, others]) watched.watch(one);
    watched.step();
    const max = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
    for (let count = 0; count <= max; count += 2) open(volume, 'token');
    const { drained: all, losses } = watched.step();
    assert.deepEqual([all.map(({ isLossy }) => isLossy), losses], [[true, true], ['overflow']]);
    open(others, 'token');
    assert.deepEqual(drained(), [{ events: [OPENED, CLOSED], isLossy: false, hasEnded: false }]);
  });

  it('ends if its last event is lost in an overflow', () => {
    const volume = writtenVolume();
    const target = watched.watch(volume);
    watched.step();
    const max = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
    for (let count = 0; count <= max; count += 2) open(volume, 'token');
    watched.unwatch(target);
    assert.deepEqual([drained().at(0)?.hasEnded, watched.counts()], [true, [0, 0]]);
  });

  it('ends if the kernel removes the folder while the queue is full', () => {
    const volume = writtenVolume();
    const target = watched.watch(volume);
    watched.step();
    const max = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
    for (let count = 0; count <= max; count += 2) open(volume, 'token');
    rmSync(volume.generation(), { recursive: true });
    assert.deepEqual([drained().at(0)?.hasEnded, watched.counts()], [false, [1, 1]]);
    watched.unwatch(target);
    assert.deepEqual(drained(), [{ events: [], isLossy: true, hasEnded: true }]);
    assert.deepEqual(watched.counts(), [0, 0]);
  });

  it('watches only opens of a folder with many events, which the kernel then merges', () => {
    const volume = writtenVolume();
    watched.watch(volume);
    for (let count = 0; count < 500; count += 1) open(volume, 'token');
    const [{ events, isLossy } = assert.fail('no events')] = drained();
    assert.deepEqual([events.length < 500, isLossy], [true, true]);
    for (let count = 0; count < 500; count += 1) open(volume, 'token');
    assert.deepEqual(drained(), [{ events: [OPENED], isLossy: false, hasEnded: false }]);
    volume.write({ ...FILES, token: 'second' });
    assert.deepEqual(
      watched.step().started.map(({ isBusy }) => isBusy),
      [true],
    );
    for (let count = 0; count < 500; count += 1) open(volume, 'token');
    assert.deepEqual(drained(), [{ events: [OPENED], isLossy: false, hasEnded: false }]);
  });

  it('ends for good if even its opens are too many, and says so, while others go on', () => {
    const others = node.volume({ name: 'other' });
    others.write(FILES);
    const volume = writtenVolume();
    for (const one of [volume, others]) watched.watch(one);
    const openMany = (): void => {
      for (let count = 0; count < 500; count += 1) for (const name of ['token', 'ca.crt']) open(volume, name);
    };
    openMany();
    assert.equal(drained().at(0)?.isLossy, true);
    openMany();
    assert.equal(drained().at(0)?.isLossy, true);
    openMany();
    assert.deepEqual([drained().at(0)?.hasEnded, watched.counts()], [true, [2, 1]]);
    for (const content of ['second', 'third']) {
      volume.write({ ...FILES, token: content });
      assert.deepEqual(watched.step().losses, ['busy']);
    }
    open(others, 'token');
    assert.deepEqual(drained(), [{ events: [OPENED, CLOSED], isLossy: false, hasEnded: false }]);
    assert.deepEqual(watched.counts(), [2, 1]);
  });

  for (const [what, more] of [
    ['with a watched folder', {}],
    ['without one', Object.fromEntries(Array.from({ length: 130 }, (_, index) => [`f${index}`, 'x']))],
  ] as const)
    it(`ends for good if the volume ${what} is opened all the time, until it is gone`, () => {
      const others = node.volume({ name: 'other' });
      others.write(FILES);
      const volume = writtenVolume({ ...FILES, ...more });
      const target = watched.watch(volume);
      watched.watch(others);
      watched.step();
      const folders = [volume.location.directory, volume.generation()];
      const openMany = (): void => {
        for (let count = 0; count < 9_000; count += 1)
          for (const one of folders) closeSync(openSync(one, 'r'));
      };
      openMany();
      assert.deepEqual(watched.step().losses, ['overflow']);
      openMany();
      open(others, 'token');
      assert.deepEqual(watched.step().drained.at(-1)?.events, [OPENED, CLOSED]);
      volume.write({ ...FILES, token: 'second' });
      watched.step();
      watched.verify();
      assert.deepEqual([watched.step().losses, watched.counts()[1]], [['busy'], 1]);
      watched.unwatch(target);
      watched.watch(volume);
      assert.equal(watched.step().started.length, 1);
    });
});

describeWith(['foreign functions', 'root', 'mount namespaces'], 'the watch of a folder under mounts', () => {
  useFreshNode();

  /** Runs a script in another mount namespace, in which `$1` is a read-only bind mount of the volume. */
  function runInContainer({ location }: TestVolume, script: string): void {
    const inContainer = join(node.rootDir, 'container');
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
      const volume = writtenVolume();
      watched.watch(volume);
      watched.step();
      runInContainer(volume, script);
      assert.deepEqual(drained(), [{ events: [OPENED, CLOSED], isLossy: false, hasEnded: false }]);
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
      const volume = writtenVolume();
      watched.watch(volume);
      watched.step();
      runInContainer(volume, script);
      assert.deepEqual(drained(), []);
    });

  it('ends if the volume is unmounted, and begins again with the next one', () => {
    const volume = writtenVolume();
    watched.watch(volume);
    watched.step();
    volume.unmount();
    assert.deepEqual([drained().at(-1)?.hasEnded, watched.counts()], [true, [0, 0]]);
    watched.verify();
    volume.mount();
    volume.write(FILES);
    watched.verify();
    assert.equal(watched.step().started.length, 1);
  });

  it('moves to a volume that is mounted over the first', () => {
    const volume = writtenVolume();
    watched.watch(volume);
    watched.step();
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', volume.location.directory]);
    try {
      volume.write(FILES);
      watched.verify();
      const { started, losses, drained: ended } = watched.step();
      assert.deepEqual([started.length, losses], [1, ['event_lost']]);
      assert.deepEqual(
        ended.map(({ hasEnded }) => hasEnded),
        [true],
      );
      volume.write({ ...FILES, token: 'second' });
      assert.notEqual(watched.step().started.at(0)?.blindMs, undefined);
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
