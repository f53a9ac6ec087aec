/**
 * Holds text against a file of `test/golden`; `UPDATE_GOLDEN=1` writes the file instead, to be looked at by eye.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';

const GOLDEN = new URL('../golden/', import.meta.url);

export function assertGolden(name: string, text: string): void {
  const file = new URL(name, GOLDEN);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text);
  assert.equal(text, readFileSync(file, 'utf8'));
}
