/**
 * The text and the exit code of `scan`.
 */
import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { describe, it } from 'mocha';
import { EXIT } from '../../src/cli/command.ts';
import { scanExit, scanTable } from '../../src/cli/scan.ts';
import { printTable } from '../../src/cli/table.ts';
import { terminalOf } from '../../src/cli/terminal.ts';
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

  it('returns the empty string for no rows', () => {
    assert.equal(printTable([]), '');
    assert.equal(printTable([], { width: 10 }), '');
  });

  const WIDE = [
    ['A', 'B', 'C'],
    ['a'.repeat(20), 'b'.repeat(20), 'c'.repeat(20)],
  ];

  it('leaves out optional columns only as far as the width requires', () => {
    const titles = (width: number) =>
      printTable(WIDE, { width, optional: ['B', 'A'] })
        .split('\n')[0]
        ?.split(/ +/);
    assert.deepEqual(titles(64), ['A', 'B', 'C']);
    assert.deepEqual(titles(63), ['A', 'C']);
    assert.deepEqual(titles(42), ['A', 'C']);
    assert.deepEqual(titles(41), ['C']);
  });

  it('shortens the widest cells if that is not enough, but not to nothing', () => {
    const lines = (width: number) => printTable(WIDE, { width }).trimEnd().split('\n');
    for (const width of [63, 50, 30])
      assert.ok(
        lines(width).every((line) => line.length <= width),
        `${width}`,
      );
    assert.match(lines(50)[1] ?? '', /^a+… {2}b+… {2}c+…$/);
    assert.match(lines(5)[1] ?? '', /^a{7}… {2}b{7}… {2}c{7}…$/);
  });

  it('paints the last cell of a row after it has been made to fit', () => {
    const text = printTable(WIDE, { width: 30, paint: (cell, row) => (row === 0 ? cell : `<${cell}>`) });
    assert.match(text, /^A +B +C\na+… {2}b+… {2}<c+…>\n$/);
  });
});

describe('the terminal', () => {
  const tty = { isTTY: true, columns: 80 };

  it('does not exist for a pipe or a file', () => {
    assert.equal(terminalOf({}, {}), undefined);
    assert.equal(terminalOf({ isTTY: true, columns: 0 }, {}), undefined);
  });

  it('has colors unless the environment does not want them', () => {
    assert.deepEqual(terminalOf(tty, { TERM: 'xterm', NO_COLOR: '' }), { columns: 80, hasColors: true });
    for (const environment of [{ NO_COLOR: '1' }, { TERM: 'dumb' }])
      assert.deepEqual(terminalOf(tty, environment), { columns: 80, hasColors: false });
  });
});

describe('scan on a terminal', () => {
  const text = scanTable(troubledNode(), { terminal: { columns: 100, hasColors: true } });
  /** The text without colors. */
  const plain = stripVTControlCharacters(text);
  const [titles = '', ...rows] = plain.split('\n').filter((line) => !/^(?:missing|could not) /.test(line));

  it('fits the terminal, and keeps what is needed to explain a pod', () => {
    for (const line of [titles, ...rows]) assert.ok(line.length <= 100, line);
    for (const title of ['NAMESPACE', 'POD', 'TOKEN', 'EXPIRES', 'PROBLEMS'])
      assert.ok(titles.includes(title));
    assert.ok(!titles.includes('MODE'));
  });

  it('colors problems by their worst severity', () => {
    assert.match(text, /\[31m[a-z_,]*(?:expired|refused)/);
    assert.match(text, /\[33m/);
    assert.match(text, /\[31mmissing /);
    for (const line of text.split('\n').filter((one) => one.endsWith(' -')))
      assert.equal(line, stripVTControlCharacters(line));
  });

  it('has no colors if the terminal has none, and shows hostile text as such', () => {
    const gray = scanTable(troubledNode(), { terminal: { columns: 100, hasColors: false } });
    assert.equal(gray, plain);
    assert.doesNotMatch(gray.replaceAll('\n', ''), /[\p{Cc}]/u);
  });
});

describe('scan --problems', () => {
  it('lists only tokens with a problem, and what is missing or could not be read', () => {
    const all = scanTable(troubledNode()).split('\n');
    const some = scanTable(troubledNode(), { isProblemsOnly: true }).split('\n');
    const words = (line: string) => line.split(/ {2,}/).join(' ');
    assert.ok(some.length < all.length);
    assert.deepEqual(some.map(words), all.filter((line) => !line.endsWith('  -')).map(words));
  });

  it('says that there are no problems', () => {
    const healthy = snapshot({ tokens: [token()] });
    assert.equal(
      scanTable(healthy, { isProblemsOnly: true }),
      'no problem with the tokens on this node; tokens: 1\n',
    );
    assert.equal(scanTable(snapshot({ tokens: [] }), { isProblemsOnly: true }), 'no tokens on this node\n');
  });

  it('does not say so if a file could not be read', () => {
    const text = scanTable(snapshot({ tokens: [token()], unreadable: [DENIED] }), { isProblemsOnly: true });
    assert.match(text, /^could not read .*\n$/);
  });
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
