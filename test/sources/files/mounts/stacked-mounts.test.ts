/**
 * Which volumes have another file system below them, in files like /proc/self/mountinfo.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { readStackedMounts } from '../../../../src/sources/files/mounts/stacked-mounts.ts';

const VOLUME = '/var/lib/kubelet/pods/a-uid/volumes/kubernetes.io~projected/token';

let folder: string;
/** A line as the kernel writes it. */
function line(device: string, point: string): string {
  return `900 35 ${device} / ${point} rw,relatime shared:120 - tmpfs tmpfs rw,size=16384k\n`;
}

function stackedIn(content: string | Buffer): readonly string[] {
  const file = join(folder, 'mountinfo');
  writeFileSync(file, content);
  return [...readStackedMounts(file)];
}

describe('readStackedMounts', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'satoken-mounts-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('returns the place of two devices', () =>
    assert.deepEqual(stackedIn(line('0:45', VOLUME) + line('0:83', VOLUME)), [VOLUME]));

  it('returns no place of one device, however often it is mounted there', () =>
    assert.deepEqual(stackedIn(line('0:45', VOLUME).repeat(3)), []));

  it('returns no place that is not a projected volume', () => {
    const other = '/var/lib/kubelet/pods/a-uid/volumes/kubernetes.io~empty-dir/cache';
    assert.deepEqual(stackedIn(line('0:45', other) + line('0:83', other)), []);
  });

  it('returns places with the characters that the kernel escapes', () => {
    const [escaped, plain] = [`/a\\040b\\011c\\012d\\134e${VOLUME}`, `/a b\tc\nd\\e${VOLUME}`];
    assert.deepEqual(stackedIn(line('0:45', escaped) + line('0:83', escaped)), [plain]);
  });

  it('returns a place among thousands of mounts', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => line(`0:${index}`, `${VOLUME}-${index}`));
    assert.deepEqual(stackedIn([...many, line('0:7777', `${VOLUME}-7`)].join('')), [`${VOLUME}-7`]);
  });

  it('reads no more than 16 MiB', () => {
    const filler = `${'x'.repeat(1_023)}\n`.repeat(16 * 1_024);
    const pair = line('0:45', VOLUME) + line('0:83', VOLUME);
    assert.deepEqual(stackedIn(pair + filler), [VOLUME]);
    assert.deepEqual(stackedIn(filler + pair), []);
  });

  it('returns none if the file cannot be read', () =>
    assert.deepEqual([...readStackedMounts(join(folder, 'absent'))], []));

  it('omits malformed lines and reads the rest, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const noise = Buffer.from(bytes.map((byte) => (byte === 10 ? 32 : byte)));
        const content = Buffer.concat([
          Buffer.from(line('0:45', VOLUME)),
          noise,
          Buffer.from(`\n${line('0:83', VOLUME)}`),
        ]);
        assert.deepEqual(stackedIn(content), [VOLUME]);
      }),
      { numRuns: 50 },
    );
  });
});
