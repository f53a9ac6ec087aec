/**
 * Privileges beyond what the exporter needs, from the files in /proc.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { excessCapabilities, isWritable } from '../../src/runtime/privileges.ts';

describe('excess capabilities', () => {
  const cases = [
    ['are empty for a process without capabilities', '0000000000000000', []],
    ['are empty if the process may only read any file', '0000000000000004', []],
    ['are all others', '0000000000200006', ['DAC_OVERRIDE', 'SYS_ADMIN']],
    ['include the last one of the list', '0000010000000000', ['CHECKPOINT_RESTORE']],
    ['are given by their bit if they are newer than the list', '0000020000000000', ['bit 41']],
  ] as const;
  for (const [title, mask, expected] of cases)
    it(title, () => {
      const status = `CapPrm:\tffffffffffffffff\nCapEff:\t${mask}\nCapBnd:\tffffffffffffffff\n`;
      assert.deepEqual(excessCapabilities(status), expected);
    });

  it('are empty if the status cannot be read', () => {
    assert.deepEqual(excessCapabilities(''), []);
  });
});

describe('a folder is writable', () => {
  const mount = (point: string, options: string) =>
    `36 35 98:0 / ${point} ${options},noatime master:1 - ext4 /dev/root rw,errors=continue`;
  const cases = [
    ['if the root is', [mount('/', 'rw')], true],
    ['unless its own mount is read-only', [mount('/', 'rw'), mount('/kubelet/pods', 'ro')], false],
    ['if the mount of a parent is', [mount('/', 'ro'), mount('/kubelet', 'rw')], true],
    [
      'but not because of a mount whose name it starts with',
      [mount('/', 'ro'), mount('/kubelet/pod', 'rw')],
      false,
    ],
    ['if the last of two mounts is', [mount('/kubelet/pods', 'ro'), mount('/kubelet/pods', 'rw')], true],
    ['but not because of a mount below it', [mount('/', 'ro'), mount('/kubelet/pods/uid', 'rw')], false],
    ['but not if no mount is known', [''], false],
  ] as const;
  for (const [title, lines, expected] of cases)
    it(title, () => assert.equal(isWritable(`${lines.join('\n')}\n`, '/kubelet/pods'), expected));

  it('also if its name has a space', () => {
    assert.ok(isWritable([mount('/', 'ro'), mount('/a\\040b', 'rw')].join('\n'), '/a b/pods'));
  });
});
