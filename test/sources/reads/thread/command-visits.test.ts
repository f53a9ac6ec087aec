/**
 * Which events of a drain are those of `scan` and `explain`.
 */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import {
  type CommandVisits,
  type CommandVisitsOptions,
  createCommandVisits,
} from '../../../../src/sources/reads/thread/command-visits.ts';
import { IN, type InotifyEvent } from '../../../../src/sources/reads/thread/inotify-events.ts';
import { err, ok } from '../../../../src/util/result.ts';

const [MARK, VOLUME, FOLDER, NESTED, OTHER] = [1, 2, 3, 4, 5];
const [CLOSE, OPEN, DIRECTORY] = [IN.closeNoWrite, IN.open, IN.isDirectory];
const FOLDERS = new Map([
  [FOLDER, { volume: VOLUME, generation: '..g1', files: 2 }],
  [NESTED, { volume: VOLUME, generation: '..g1', files: 1 }],
  [OTHER, { volume: 6, generation: '..g2', files: 1 }],
]);

function event(watch: number, mask: number, name = ''): InotifyEvent {
  return { watch, mask, name };
}

const begin = event(MARK, OPEN | DIRECTORY);
const end = event(MARK, CLOSE | DIRECTORY);

function opened(watch: number, name = ''): InotifyEvent {
  return event(watch, name === '' ? OPEN | DIRECTORY : OPEN, name);
}

function closed(watch: number, name = ''): InotifyEvent {
  return event(watch, name === '' ? CLOSE | DIRECTORY : CLOSE, name);
}

function read(watch: number, name = ''): readonly InotifyEvent[] {
  return [opened(watch, name), closed(watch, name)];
}

const walked = event(VOLUME, OPEN | DIRECTORY, '..g1');
const folder = [walked, ...read(FOLDER)];
const visit = [...folder, ...read(FOLDER, 'ca.crt'), ...read(FOLDER, 'token')];

describe('the visits of commands', () => {
  let visits: CommandVisits;

  function create(overrides: Partial<CommandVisitsOptions> = {}): void {
    visits = createCommandVisits({
      inotify: { add: () => ok(MARK) },
      program: '/app',
      folderOf: (watch) => FOLDERS.get(watch),
      ...overrides,
    });
  }
  beforeEach(() => create());

  function strip(events: readonly InotifyEvent[], nowMs = 0): readonly InotifyEvent[] {
    const { events: others, doubtful } = visits.strip(events, nowMs);
    assert.deepEqual(doubtful, []);
    return others;
  }

  it('are taken out, also of folders with one file and of those below others', () => {
    const nested = [...read(NESTED), ...read(NESTED, 'token')];
    assert.deepEqual(strip([begin, ...visit, end]), []);
    assert.deepEqual(strip([begin, ...folder, ...nested, ...visit.slice(3), end]), []);
    assert.deepEqual(strip([begin, ...read(OTHER), ...read(OTHER, 'token'), end]), []);
  });

  it('leave the same events in a node without commands', () => {
    assert.deepEqual(strip(visit), visit);
    create({ inotify: { add: () => err('ENOSPC') } });
    assert.deepEqual(strip([begin, ...visit, end]), [begin, ...visit, end]);
  });

  it('leave what is before and after them', () => {
    const rest = read(FOLDER, 'token');
    assert.deepEqual(strip([...rest, begin, ...visit, end, ...visit]), [...rest, ...visit]);
  });

  it('leave a read of a workload at the same time, at any position', () => {
    const [token, closing] = read(FOLDER, 'token') as [InotifyEvent, InotifyEvent];
    for (let at = 0; at <= visit.length; at += 1) {
      const events = [begin, ...visit.toSpliced(at, 0, token, closing), end];
      assert.deepEqual(strip(events), [token, closing], String(at));
    }
  });

  it('leave a close that shows that the kernel merged two opens', () => {
    const merged = visit.toSpliced(visit.length, 0, closed(FOLDER, 'token'));
    assert.deepEqual(strip([begin, ...merged, end]), [closed(FOLDER, 'token')]);
  });

  it('leave the open of the folder of a kubelet that came right before, and was merged', () => {
    const [walk, open, close, ...files] = visit as [InotifyEvent, InotifyEvent, InotifyEvent];
    assert.deepEqual(strip([begin, walk, open, close, close, ...files, end]), [open, close]);
  });

  it('leave the first half of a visit of the kubelet, which ends later', () => {
    const [, open, close, first, second] = visit;
    const half = [open, close, first, second].filter((one) => one !== undefined);
    assert.deepEqual(strip([begin, ...visit, ...half, end]), half);
    assert.deepEqual(strip([begin, ...half, end]), half);
  });

  it('are as many as the folder and each file were opened', () => {
    assert.deepEqual(strip([begin, ...visit, ...visit, end]), []);
    assert.deepEqual(strip([begin, ...visit, ...visit.slice(0, 5), end]), visit.slice(0, 5));
  });

  it('leave visits to folders that are not watched, and events of other folders', () => {
    const elsewhere = [...read(OTHER, 'token'), ...read(9, 'token')];
    assert.deepEqual(strip([begin, ...elsewhere, end]), elsewhere);
    assert.deepEqual(strip([begin, ...visit, ...elsewhere, end]), elsewhere);
  });

  it('make a folder unclear whose files are not known yet', () => {
    create({
      folderOf: (watch) => (watch === FOLDER ? { volume: VOLUME, generation: '..g1', files: 0 } : undefined),
    });
    assert.deepEqual(visits.strip([begin, ...visit, end], 0), { events: [walked], doubtful: [FOLDER] });
  });

  it('make a folder unclear that is watched since a command began', () => {
    const rest = read(FOLDER, 'token');
    assert.deepEqual(strip([begin], 0), []);
    visits.add(FOLDER);
    assert.deepEqual(strip([], 1_000), []);
    assert.deepEqual(visits.strip([...rest, end], 2_000), { events: [], doubtful: [FOLDER] });
    assert.deepEqual(strip([begin, ...rest, end], 3_000), rest);
    visits.add(FOLDER);
    assert.deepEqual(strip([], 4_000), []);
    assert.deepEqual(strip([begin, ...rest, end], 5_000), rest);
  });

  it('do not begin when files of the program are opened', () => {
    assert.deepEqual(strip([opened(MARK, 'main.js'), ...visit, closed(MARK, 'main.js')]), visit);
    assert.deepEqual(strip([end, ...visit]), visit);
  });

  it('overlap if two commands run', () => {
    assert.deepEqual(strip([begin, ...visit.slice(0, 3), begin, ...visit.slice(3), end, ...visit, end]), []);
  });

  it('go on in the next drain', () => {
    for (let at = 0; at <= visit.length; at += 1) {
      assert.deepEqual(strip([begin, ...visit.slice(0, at)], 1_000), []);
      assert.equal(visits.keptSinceMs(), at > 0 ? 1_000 : undefined);
      assert.deepEqual(strip([...visit.slice(at), end, ...read(FOLDER, 'token')], 2_000), [
        ...read(FOLDER, 'token'),
      ]);
    }
  });

  it('do not keep back the end of a watch, and say nothing of the folder then', () => {
    const gone = event(FOLDER, IN.ignored);
    const first = visits.strip([begin, ...visit.slice(0, 5), ...read(OTHER, 'token'), gone], 0);
    assert.deepEqual(first, { events: [walked, ...read(OTHER, 'token'), gone], doubtful: [FOLDER] });
    const rest = visits.strip([...visit.slice(5), end], 1_000);
    assert.deepEqual(rest, { events: visit.slice(5), doubtful: [] });
    assert.deepEqual(strip([begin, ...visit, end]), []);
  });

  it('keep back no more events than the kernel queues by default, and say nothing of the folder then', () => {
    const half = visit.slice(0, 5);
    const reads = Array.from({ length: 16_384 - half.length }, () => opened(OTHER, 'token'));
    assert.equal(strip([begin, ...half, ...reads], 1_000).length, 0);
    const { events, doubtful } = visits.strip(read(OTHER, 'token'), 2_000);
    // Those of the folder are dropped, and the others passed on.
    assert.deepEqual([events.length, doubtful], [reads.length + 3, [FOLDER]]);
  });

  it('keep back nothing if a command is stopped in the middle, and say nothing of its folder', () => {
    const reads = read(OTHER, 'token');
    assert.deepEqual(strip([begin, ...visit.slice(0, 5)], 1_000), []);
    assert.deepEqual(visits.strip(reads, 4_000), { events: [walked, ...reads], doubtful: [FOLDER] });
    assert.equal(visits.keptSinceMs(), undefined);
    assert.deepEqual(strip(reads, 5_000), reads);
    assert.deepEqual(strip([...visit.slice(5), end, begin, ...visit, end], 6_000), visit.slice(5));
  });

  it('are taken out if the kernel merged the ends of two commands, so that one of them seems to go on', () => {
    const [rest, other] = [read(FOLDER, 'token'), [...read(OTHER), ...read(OTHER, 'token')]];
    assert.deepEqual(strip([begin, begin, ...visit, ...other, ...visit, end], 1_000), []);
    assert.deepEqual(strip(rest, 2_000), []);
    assert.deepEqual(strip([], 4_000), rest);
    assert.deepEqual(strip([begin, ...visit, end, ...rest], 5_000), rest);
  });

  it('make the folder unclear that they are in, and no other, if they are not over in time', () => {
    const [other, walk] = [[...read(OTHER), ...read(OTHER, 'token')], [walked]];
    const [, ...inside] = visit;
    for (const part of [
      inside.slice(0, 1),
      inside.slice(0, 2),
      inside.slice(0, -1),
      [...inside, ...read(FOLDER)],
    ]) {
      create();
      assert.deepEqual(strip([begin, ...other, ...walk, ...part], 1_000), []);
      const { events, doubtful } = visits.strip([], 4_000);
      assert.deepEqual([events, doubtful], [walk, [FOLDER]]);
    }
  });
});
