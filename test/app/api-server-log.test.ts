/**
 * What is logged about requests to the API server, and how often.
 */
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import { createApiServerLog } from '../../src/app/api-server-log.ts';
import type { SourcesOptions } from '../../src/app/sources.ts';
import { EXPORTER } from '../../src/metrics/exporter-rows.ts';
import { LOG_LEVELS, type Log } from '../../src/util/log.ts';

let nowMs = 0;
let lines: string[] = [];
let counted: unknown[] = [];
let callbacks: SourcesOptions['api'];

function write(level: string) {
  return (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    if (level !== 'debug') lines.push([level, message, ...Object.values(fields)].join(' '));
  };
}

describe('the log of requests to the API server', () => {
  beforeEach(() => {
    [nowMs, lines, counted] = [0, [], []];
    callbacks = createApiServerLog({
      log: Object.fromEntries(LOG_LEVELS.map((level) => [level, write(level)])) as unknown as Log,
      metrics: { inc: (row, ...[labels]) => counted.push([row, labels]) },
      clock: { monotonicMs: () => nowMs },
    });
  });

  it('has each kind of failure once in five minutes', () => {
    for (const ms of [0, 10_000, 299_999, 300_000]) {
      nowMs = ms;
      callbacks.onFailure('pods', 'unreachable');
    }
    callbacks.onFailure('pods', 'timeout');
    callbacks.onFailure('keys', 'unreachable');
    assert.deepEqual(lines, [
      'warn API server request failed pods unreachable',
      'warn API server request failed pods unreachable',
      'warn API server request failed pods timeout',
      'warn API server request failed keys unreachable',
    ]);
  });

  it('says that no token is sent to a server that nothing identifies', () => {
    callbacks.onFailure('tokenreviews', 'unverified_server');
    assert.deepEqual(lines, [
      'warn no token is sent to the API server because its identity is not verified tokenreviews unverified_server',
    ]);
  });

  it('says that a resource is back if it said that it failed', () => {
    callbacks.onFailure('pods', 'unreachable');
    callbacks.onRecovery('pods');
    callbacks.onRecovery('pods');
    callbacks.onFailure('pods', 'unreachable');
    callbacks.onRecovery('pods');
    assert.deepEqual(lines, [
      'warn API server request failed pods unreachable',
      'info data from the API server is up to date again pods',
    ]);
  });

  it('names a few of the objects that are ignored, and counts all', () => {
    for (let count = 0; count < 5; count += 1) callbacks.onDropped('pods', 'malformed', 'payments/api-0');
    assert.deepEqual(
      lines,
      Array(3).fill('warn ignored an object from the API server pods malformed payments/api-0'),
    );
    const expected = [EXPORTER.droppedObjects, { resource: 'pods', reason: 'malformed' }];
    assert.deepEqual(counted, Array(5).fill(expected));
  });
});
