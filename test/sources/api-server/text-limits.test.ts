/**
 * Every string of an API object has a limit: an object that its owner fills with text takes little memory.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseMountFailures } from '../../../src/sources/api-server/mount-failures.ts';
import { trimAccount, trimPod } from '../../../src/sources/api-server/resources.ts';
import { parseReviewStatus } from '../../../src/sources/api-server/token-review.ts';
import { account, failedMount, list, pod } from './objects.ts';

const LONG = 'x/'.repeat(700_000);
/** What one object may leave behind. */
const MAX_KEPT = 64 * 1024;

const OBJECTS = [
  {
    kind: 'pod',
    valid: pod({
      spec: {
        serviceAccountName: 'api',
        containers: [
          { name: 'main', volumeMounts: [{ name: 'v', mountPath: '/x' }], volumeDevices: [{ name: 'v' }] },
        ],
        volumes: [
          { name: 'v', projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'a' } }] } },
          { name: 's', secret: { secretName: 's' } },
          { name: 'c', persistentVolumeClaim: { claimName: 'c' } },
        ],
      },
    }),
    read: trimPod,
  },
  { kind: 'service account', valid: account(), read: trimAccount },
  {
    kind: 'event',
    valid: failedMount('MountVolume.SetUp failed for volume "v" : no'),
    read: (event: object) => parseMountFailures(list('Event', [event])),
  },
  {
    kind: 'TokenReview',
    valid: { authenticated: false, error: 'no keys found' },
    read: parseReviewStatus,
  },
] as const;

/** The paths to all strings in a value. */
function stringsIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value === 'string') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => stringsIn(one, [...path, key]));
}

function replaced(value: unknown, [key, ...rest]: readonly string[], text: string): unknown {
  if (key === undefined) return text;
  if (Array.isArray(value))
    return value.map((one, index) => (`${index}` === key ? replaced(one, rest, text) : one));
  const from = value as Readonly<Record<string, unknown>>;
  return { ...from, [key]: replaced(from[key], rest, text) };
}

function lengthOf(value: unknown): number {
  return JSON.stringify(value ?? null).length;
}

for (const { kind, valid, read } of OBJECTS) {
  describe(`a string of 1.4 million characters in a ${kind}`, () => {
    for (const path of stringsIn(valid)) {
      it(`leaves at most 64 KiB behind at ${path.join('.')}`, () => {
        const found: unknown = read(replaced(valid, path, LONG) as never);
        assert.ok(lengthOf(found) <= MAX_KEPT, `${lengthOf(found)} characters`);
      });
    }
  });
}
