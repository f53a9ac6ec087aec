/**
 * The text and the exit code of `scan`.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { EXIT } from '../../src/cli/command.ts';
import { scanExit, scanTable } from '../../src/cli/scan.ts';
import { printTable } from '../../src/cli/table.ts';
import type { Unreadable } from '../../src/core/observation.ts';
import { RUNBOOKS } from '../../src/core/runbook.ts';
import { tokenReport } from '../../src/web/page/json-report.ts';
import { atOnce } from '../../src/web/page/slices.ts';
import { assertGolden } from '../support/generated.ts';
import { HOSTILE, snapshot, troubledNode } from '../support/snapshots.ts';
import { legacyToken, NOW, token } from '../support/tokens.ts';

const DENIED: Unreadable = {
  podUid: 'uid-1',
  volume: 'vault',
  path: 'token',
  reason: 'permission_denied',
  detail: 'permission denied',
};
const NO_PODS: Unreadable = {
  podUid: '',
  volume: '',
  path: '',
  reason: 'vanished',
  detail: 'no such file or directory',
};
/** Clears the screen, moves the cursor, rings, ends the line, and reverses text. */
const STEERING = 'a\x1b[2J\x9b1A\x07\r\nb\u202ec';

describe('printTable', () => {
  it('makes columns as wide as their widest cell, without spaces at the ends of lines', () => {
    assert.equal(
      printTable([
        ['A', 'B'],
        ['long', 'x'],
        ['y', ''],
      ]),
      'A     B\nlong  x\ny     -\n',
    );
  });

  it('keeps a hostile cell on its line', () => {
    const lines = printTable([['A'], [STEERING]]).split('\n');
    assert.equal(lines.length, 3);
    assert.doesNotMatch(lines[1] ?? '', /[\p{C}]/u);
  });

  it('prints more rows than a function takes arguments', () => {
    const rows = Array.from({ length: 300_000 }, () => ['x']);
    assert.equal(printTable([['A'], ...rows]).length, 300_001 * 2);
  });

  it('returns the empty string for no rows', () => assert.equal(printTable([]), ''));
});

describe('scan as a table', () => {
  it('matches the golden file for a node with every problem', () =>
    assertGolden('scan.txt', scanTable(troubledNode())));

  it('says that there are no tokens', () => {
    assert.equal(scanTable(snapshot({ tokens: [] })), 'no tokens on this node\n');
  });

  it('does not say so about a node that could not be read', () => {
    assert.equal(
      scanTable(snapshot({ tokens: [], unreadable: [NO_PODS], scannedAt: undefined })),
      "could not read the kubelet's pods directory: vanished (no such file or directory)\n",
    );
  });

  it('lists what could not be read below the table', () => {
    const lines = scanTable(snapshot({ unreadable: [DENIED] })).split('\n');
    assert.equal(lines.at(-2), 'could not read uid-1/vault/token: permission_denied (permission denied)');
  });

  it('shows a dash for an unknown value', () => {
    const [, row = ''] = scanTable(snapshot({ tokens: [legacyToken()] })).split('\n');
    assert.match(row, / - {2,}- {2,}- {2,}- {2,}0644 0:0/);
  });

  it('keeps hostile names from controlling the terminal', () => {
    const text = scanTable(
      snapshot({
        tokens: [token({ identity: { path: STEERING }, claims: { audiences: [STEERING] } })],
        unreadable: [{ ...DENIED, volume: STEERING, detail: STEERING }],
      }),
    );
    assert.equal(text.split('\n').length, 4);
    assert.doesNotMatch(text.replaceAll('\n', ''), /\p{C}/u);
  });
});

describe('scan as JSON', () => {
  it('matches the golden file for a node with every problem', () =>
    assertGolden('scan.json', atOnce(tokenReport(troubledNode(), RUNBOOKS))));

  it('escapes hostile names, so that they parse to what they were', () => {
    const text = atOnce(
      tokenReport(
        snapshot({
          tokens: [token({ identity: { path: STEERING } })],
          unreadable: [{ ...DENIED, path: HOSTILE }],
        }),
        RUNBOOKS,
      ),
    );
    assert.doesNotMatch(text.replaceAll('\n', ''), /\p{C}/u);
    const { tokens, unreadable } = JSON.parse(text) as {
      tokens: readonly { path: string }[];
      unreadable: readonly { path: string }[];
    };
    assert.deepEqual([tokens[0]?.path, unreadable[0]?.path], [STEERING, HOSTILE]);
  });
});

describe('scan exits with', () => {
  const expired = token({ claims: { expiresAt: NOW } });
  const cases = [
    { it: '0 if no check fails', at: {}, exit: EXIT.ok },
    { it: '0 if there are no tokens', at: { tokens: [] }, exit: EXIT.ok },
    {
      it: '0 if no check fails, even if something could not be read',
      at: { unreadable: [DENIED] },
      exit: EXIT.ok,
    },
    { it: '1 if a check fails', at: { tokens: [token(), expired] }, exit: EXIT.failing },
    {
      it: '1 if a check fails and something could not be read',
      at: { tokens: [expired], unreadable: [DENIED] },
      exit: EXIT.failing,
    },
    { it: '3 if nothing could be read', at: { tokens: [], unreadable: [DENIED] }, exit: EXIT.unreadable },
    {
      it: '3 if the pods could not be listed',
      at: { tokens: [], unreadable: [NO_PODS], scannedAt: undefined },
      exit: EXIT.unreadable,
    },
  ];
  for (const { it: title, at, exit } of cases) {
    it(title, () => assert.equal(scanExit(snapshot(at)), exit));
  }
});
