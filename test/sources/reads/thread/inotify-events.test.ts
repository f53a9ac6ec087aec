/**
 * Parsing of the kernel's events: what they hold, and any other bytes.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  IN,
  type InotifyEvent,
  newFolders,
  parseEvents,
} from '../../../../src/sources/reads/thread/inotify-events.ts';

/** As the kernel writes it: names end in a zero and are padded to 16 bytes. */
function bytesOf({ watch, mask, name }: InotifyEvent, padding = 16): Buffer {
  const nameBytes = Buffer.from(name);
  const length = name === '' ? 0 : Math.ceil((nameBytes.length + 1) / padding) * padding;
  const bytes = Buffer.alloc(16 + length);
  bytes.writeInt32LE(watch, 0);
  bytes.writeUInt32LE(mask, 4);
  bytes.writeUInt32LE(length, 12);
  nameBytes.copy(bytes, 16);
  return bytes;
}

const TOKEN: InotifyEvent = { watch: 7, mask: IN.open, name: 'token' };
const FOLDER: InotifyEvent = { watch: 7, mask: (IN.open | IN.isDirectory) >>> 0, name: '' };
const OVERFLOW: InotifyEvent = { watch: -1, mask: IN.overflow, name: '' };

const anEvent = fc.record<InotifyEvent>(
  {
    watch: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
    mask: fc.nat({ max: 2 ** 32 - 1 }),
    name: fc.string({ unit: 'grapheme', maxLength: 60 }).filter((name) => !name.includes('\0')),
  },
  { noNullPrototype: true },
);

const NEW_FOLDER: InotifyEvent = { watch: 3, mask: IN.create | IN.isDirectory, name: '..2026_11_29' };

/** The new folders in the first bytes, in a buffer that has other bytes behind them. */
function newFoldersIn(bytes: Buffer, length = bytes.length): readonly string[] {
  const words = new Int32Array(bytes.length / 4 + 64).fill(-1);
  bytes.copy(new Uint8Array(words.buffer));
  const found: string[] = [];
  newFolders(words, length, (watch, name) => found.push(`${watch} ${Buffer.from(name).toString()}`));
  return found;
}

describe('the new folders among the events of inotify', () => {
  it('are those with both flags, in order', () => {
    const file = { ...NEW_FOLDER, mask: IN.create };
    const events = [TOKEN, NEW_FOLDER, FOLDER, file, { ...NEW_FOLDER, watch: 4, name: 'ä' }];
    const bytes = Buffer.concat(events.map((event) => bytesOf(event)));
    assert.deepEqual(newFoldersIn(bytes), ['3 ..2026_11_29', '4 ä']);
  });

  it('do not include one if the event is cut, or a length leads out of the bytes', () => {
    const bytes = bytesOf(NEW_FOLDER);
    for (let length = 0; length < bytes.length; length += 4)
      assert.deepEqual(newFoldersIn(bytes, length), []);
    for (const length of [0xffff_ffff, 0x7fff_ffff, 17]) {
      bytes.writeUInt32LE(length, 12);
      assert.deepEqual(newFoldersIn(bytes), []);
    }
  });

  it('are found in any bytes without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        newFoldersIn(Buffer.from(bytes.subarray(0, bytes.length & ~3)));
      }),
    );
  });
});

describe('the events of inotify', () => {
  it('are returned in order, those of the folder itself with an empty name', () => {
    const bytes = Buffer.concat([FOLDER, TOKEN, OVERFLOW].map((event) => bytesOf(event)));
    assert.deepEqual(parseEvents(bytes), { events: [FOLDER, TOKEN, OVERFLOW], isComplete: true });
  });

  it('are an empty list for an empty buffer', () => {
    assert.deepEqual(parseEvents(Buffer.alloc(0)), { events: [], isComplete: true });
  });

  it('are incomplete if the last one is cut anywhere', () => {
    const bytes = Buffer.concat([bytesOf(FOLDER), bytesOf(TOKEN)]);
    for (let length = 17; length < bytes.length; length += 1)
      assert.deepEqual(parseEvents(bytes.subarray(0, length)), { events: [FOLDER], isComplete: false });
  });

  it('are incomplete if a length leads out of the buffer', () => {
    const bytes = bytesOf(TOKEN);
    bytes.writeUInt32LE(0xffff_ffff, 12);
    assert.deepEqual(parseEvents(bytes), { events: [], isComplete: false });
  });

  it('have the name that was written, with any padding', () => {
    const padding = fc.constantFrom(1, 4, 16, 256);
    fc.assert(
      fc.property(fc.array(anEvent, { maxLength: 20 }), padding, (events, size) => {
        const bytes = Buffer.concat(events.map((event) => bytesOf(event, size)));
        assert.deepEqual(parseEvents(bytes), { events, isComplete: true });
      }),
    );
  });

  it('are at most one for each 16 bytes, and never longer than the buffer, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4_096 }), (array) => {
        const bytes = Buffer.from(array);
        const { events, isComplete } = parseEvents(bytes);
        assert.ok(events.length <= bytes.length / 16);
        assert.ok(isComplete || bytes.length > 0);
        for (const { name } of events) assert.ok(name.length <= bytes.length && !name.includes('\0'));
      }),
      { numRuns: 1_000 },
    );
  });

  it('survive one changed bit', () => {
    const bytes = Buffer.concat([bytesOf(FOLDER), bytesOf(TOKEN), bytesOf(OVERFLOW)]);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.ok(parseEvents(changed).events.length <= 6);
    }
  });
});
