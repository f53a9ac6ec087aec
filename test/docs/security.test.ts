/**
 * The limits that docs/security.md tells are those that hold.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { LIMITS } from '../../src/exposition/server.ts';
import { ROOT } from './documents.ts';

describe('docs/security.md', () => {
  const text = readFileSync(join(ROOT, 'docs/security.md'), 'utf8').replaceAll(/\s+/g, ' ');
  const { maxConnections, maxHeaderBytes, headersMs, requestMs, answerMs } = LIMITS;
  const manifest = readFileSync(join(ROOT, 'daemonset/base/daemonset.yaml'), 'utf8');
  const [, memory] = /limits:\s+memory: (\d+)Mi/.exec(manifest) ?? [];

  for (const limit of [
    `${memory} MiB of memory`,
    `${maxConnections} connections`,
    `${maxHeaderBytes / 1_024} KiB of headers`,
    `${headersMs / 1_000} s for them`,
    `${requestMs / 1_000} s for a request`,
    `${answerMs / 1_000} s for an answer`,
  ])
    it(`tells the limit of ${limit}`, () => assert.ok(text.includes(limit)));
});
