/**
 * What the kernel says of a process, read for what is more than it needs.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isWritable, superfluousCapabilities } from '../../src/runtime/privileges.ts';

describe('superfluous capabilities', () => {
  const cases = [
    ['are none of a process without any', '0000000000000000', []],
    ['are none where reading is all that is allowed', '0000000000000004', []],
    ['are those beside reading', '0000000000200006', ['DAC_OVERRIDE', 'SYS_ADMIN']],
    ['are told to the last', '0000010000000000', ['CHECKPOINT_RESTORE']],
    ['go by their bit where they are newer', '0000020000000000', ['bit 41']],
  ] as const;
  for (const [title, mask, expected] of cases)
    it(title, () => {
      const status = `CapPrm:\tffffffffffffffff\nCapEff:\t${mask}\nCapBnd:\tffffffffffffffff\n`;
      assert.deepEqual(superfluousCapabilities(status), expected);
    });

  it('are none that is known where nothing can be read', () => {
    assert.deepEqual(superfluousCapabilities(''), []);
  });
});

describe('a folder', () => {
  const mount = (point: string, options: string) =>
    `36 35 98:0 / ${point} ${options},noatime master:1 - ext4 /dev/root rw,errors=continue`;
  const cases = [
    ['can be written to in a writable root', [mount('/', 'rw')], true],
    ['cannot in a mount that is read-only', [mount('/', 'rw'), mount('/kubelet/pods', 'ro')], false],
    ['can where the mount above it is meant', [mount('/', 'ro'), mount('/kubelet', 'rw')], true],
    ['is not in the mount beside it', [mount('/', 'ro'), mount('/kubelet/pod', 'rw')], false],
    ['is in the last of two mounts', [mount('/kubelet/pods', 'ro'), mount('/kubelet/pods', 'rw')], true],
    ['is not in a mount below it', [mount('/', 'ro'), mount('/kubelet/pods/uid', 'rw')], false],
    ['cannot as far as is known', [''], false],
  ] as const;
  for (const [title, lines, expected] of cases)
    it(title, () => assert.equal(isWritable(`${lines.join('\n')}\n`, '/kubelet/pods'), expected));

  it('is found by a name with a space', () => {
    assert.ok(isWritable([mount('/', 'ro'), mount('/a\\040b', 'rw')].join('\n'), '/a b/pods'));
  });
});
