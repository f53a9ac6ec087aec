/**
 * Holds text against a file of `test/golden`; `npm run generate` writes the file instead; read the diff before committing it.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';

const GOLDEN = new URL('../golden/', import.meta.url);

/** The lines of one text that the other has not. */
function linesOnlyIn(text: string, other: string, mark: string): readonly string[] {
  const known = new Set(other.split('\n'));
  return text
    .split('\n')
    .filter((line) => !known.has(line))
    .map((line) => mark + line);
}

export function assertGolden(name: string, text: string): void {
  const file = new URL(name, GOLDEN);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text);
  const golden = readFileSync(file, 'utf8');
  const difference = [...linesOnlyIn(golden, text, '-'), ...linesOnlyIn(text, golden, '+')].join('\n');
  assert.ok(text === golden, `test/golden/${name} differs (npm run generate):\n${difference}`);
}
