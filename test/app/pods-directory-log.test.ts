/**
 * The log lines about a pods directory that cannot be listed.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { createPodsDirectoryLog } from '../../src/app/pods-directory-log.ts';
import { NOTHING_OBSERVED } from '../../src/core/observation.ts';

const VANISHED = { podUid: '', volume: '', path: '', reason: 'vanished', detail: '/x/pods: gone' } as const;

describe('createPodsDirectoryLog', () => {
  it('logs a warning with the directory, once for each reason, and the recovery', () => {
    const lines: string[] = [];
    const log = createPodsDirectoryLog({
      info: (message) => void lines.push(`info ${message}`),
      warn: (message, fields) =>
        void lines.push(`warn ${message}: ${fields?.['reason']} ${fields?.['detail']}`),
    });
    const denied = { ...VANISHED, reason: 'permission_denied' } as const;
    const inPod = { ...VANISHED, podUid: 'uid-1' };
    for (const unreadable of [[inPod], [inPod, VANISHED], [{ ...VANISHED }], [denied], [inPod], []])
      log({ observation: { ...NOTHING_OBSERVED, unreadable } });
    assert.deepEqual(lines, [
      'warn cannot list the pods: vanished /x/pods: gone',
      'warn cannot list the pods: permission_denied /x/pods: gone',
      'info the pods directory is listed again',
    ]);
  });
});
