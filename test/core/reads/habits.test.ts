/**
 * How a workload reads its token: the conditions of each habit, at the limit.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ContainerFacts } from '../../../src/core/container-facts.ts';
import { copyExpiresAt, type Habit, habitOf, isReadNow } from '../../../src/core/reads/habits.ts';
import type { TokenReads } from '../../../src/core/reads/token-reads.ts';
import { containerFacts, podFacts } from '../../support/cluster.ts';
import { readAgain, readOnce, tokenReads } from '../../support/reads.ts';
import { claims, NOW, token } from '../../support/tokens.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;
/** Three generations of a token that lasts an hour. */
const THREE = 3 * (48 * 60 - 10);

/** Started a day ago. */
function main(overrides: Partial<ContainerFacts> = {}): ContainerFacts {
  return containerFacts({ startedAt: NOW - DAY, ...overrides });
}

/** An init container that ran for a minute before that. */
function init(overrides: Partial<ContainerFacts> = {}): ContainerFacts {
  return containerFacts({
    name: 'init',
    kind: 'init',
    isRunning: false,
    startedAt: NOW - DAY - 60,
    finishedAt: NOW - DAY,
    ...overrides,
  });
}

interface Case {
  readonly it: string;
  readonly reads: TokenReads;
  /** One main container by default. */
  readonly containers?: readonly ContainerFacts[];
  readonly runtimeClass?: string;
  readonly hasUnknownContainers?: true;
  /** When its volume was mounted, if that is known. */
  readonly mountedAt?: number;
  /** Whether it was mounted over another one at an unknown time. */
  readonly isStacked?: boolean;
  /** When the current token was issued. */
  readonly issuedAt?: number;
  /** An hour by default: the kubelet refreshes it after 48 minutes, or up to 10 s earlier. */
  readonly lifetime?: number;
  readonly arePodsCurrent?: false;
  readonly habit: Habit;
}

const READ_AT = NOW - 5 * HOUR;
const VOLUME = token().identity.volume;

const CASES: readonly Case[] = [
  { it: 'is rereads after reads in two generations', reads: readAgain(), habit: 'rereads' },
  {
    it: 'is rereads for the time that three generations take after that, however many there were',
    reads: readAgain({ withoutRead: 9, lastReadAt: NOW - THREE + 1, earlierReadAt: NOW - THREE }),
    habit: 'rereads',
  },
  {
    it: 'is not_reread after that, if there were three',
    reads: readAgain({ withoutRead: 3, lastReadAt: NOW - THREE, earlierReadAt: NOW - THREE - 1 }),
    habit: 'not_reread',
  },
  {
    it: 'is unknown after that, if there were fewer',
    reads: readAgain({ withoutRead: 2, lastReadAt: NOW - THREE, earlierReadAt: NOW - THREE - 1 }),
    habit: 'unknown',
  },
  {
    it: 'is unknown if the second read came so much later: it may be that of a person',
    reads: readAgain({ earlierReadAt: NOW - 30 - THREE }),
    habit: 'unknown',
  },
  {
    it: 'is unknown after reads in two generations if how long these take is not known',
    reads: readAgain(),
    lifetime: Number.NaN,
    habit: 'unknown',
  },
  {
    it: 'is rereads if a container has been running since the first of the two reads',
    reads: readAgain(),
    containers: [main({ startedAt: NOW - 10 }), main({ name: 'other', startedAt: NOW - 3_000 })],
    habit: 'rereads',
  },
  {
    it: 'is unknown if every container was restarted in between, and reads at its start',
    reads: readAgain(),
    containers: [main({ startedAt: NOW - 2_999 })],
    habit: 'unknown',
  },
  {
    it: 'is rereads if the start of the container is not known',
    reads: readAgain(),
    containers: [main({ startedAt: undefined })],
    habit: 'rereads',
  },
  {
    it: 'is rereads permanently after one reaction to a rotation',
    reads: readOnce({ withoutRead: 40, readAtRotationAt: NOW - 6 * HOUR }),
    habit: 'rereads',
  },
  {
    it: 'is not rereads if only an init container reacted to a rotation',
    reads: readOnce({ lastReadAt: NOW - DAY - 5, readAtRotationAt: NOW - DAY - 5 }),
    containers: [init(), main()],
    habit: 'unknown',
  },
  {
    it: 'is rereads for a workload with doubts about the current generation',
    reads: readAgain({ mayHideRead: true }),
    habit: 'rereads',
  },
  { it: 'is unknown after one read', reads: readOnce({ withoutRead: 2 }), habit: 'unknown' },
  {
    it: 'is not_reread in the third generation without a read',
    reads: readOnce({ withoutRead: 3 }),
    habit: 'not_reread',
  },
  {
    it: 'is not_reread after the time that three generations take',
    reads: readOnce({ withoutRead: 3, lastReadAt: NOW - THREE }),
    habit: 'not_reread',
  },
  {
    it: 'is unknown before: a kubelet that is restarted replaces all tokens at once',
    reads: readOnce({ withoutRead: 40, lastReadAt: NOW - THREE + 1 }),
    habit: 'unknown',
  },
  {
    it: 'is unknown if how long a generation takes is not known',
    reads: readOnce({ withoutRead: 40 }),
    lifetime: Number.NaN,
    habit: 'unknown',
  },
  {
    it: 'is unknown if the token is the one that was read: another file of its volume has changed',
    reads: readOnce({ withoutRead: 3, lastReadAt: READ_AT }),
    issuedAt: READ_AT,
    habit: 'unknown',
  },
  {
    it: 'is not_reread if the token is newer than the one that was read',
    reads: readOnce({ withoutRead: 3, lastReadAt: READ_AT }),
    issuedAt: READ_AT + 1,
    habit: 'not_reread',
  },
  {
    it: 'is unknown if one that reads at each rotation would have come before each watch',
    reads: readOnce({ withoutRead: 40, surelyWithoutRead: 0 }),
    habit: 'unknown',
  },
  {
    it: 'is unknown without any read if one that reads at each rotation would have come before each watch',
    reads: tokenReads({ surelyWithoutRead: 0 }),
    habit: 'unknown',
  },
  {
    it: 'is unknown if the current generation may have been read',
    reads: readOnce({ mayHideRead: true }),
    habit: 'unknown',
  },
  {
    it: 'is unknown after a read of an init container only',
    reads: readOnce({ lastReadAt: NOW - DAY + 1 }),
    containers: [init(), main()],
    habit: 'unknown',
  },
  {
    it: 'is not_reread after a read right after the init containers',
    reads: readOnce({ lastReadAt: NOW - DAY + 2 }),
    containers: [init(), main()],
    habit: 'not_reread',
  },
  {
    it: 'is unknown while an init container has not ended',
    reads: readAgain(),
    containers: [init({ isRunning: true, finishedAt: undefined }), main()],
    habit: 'unknown',
  },
  {
    it: 'is not_reread after a read of a sidecar, which does not end',
    reads: readOnce(),
    containers: [init({ kind: 'restartable_init', isRunning: true, finishedAt: undefined }), main()],
    habit: 'not_reread',
  },
  {
    it: 'is unknown if all containers started after the read',
    reads: readOnce(),
    containers: [main({ startedAt: READ_AT + 1 })],
    habit: 'unknown',
  },
  {
    it: 'is not_reread if one of two containers started before the read',
    reads: readOnce(),
    containers: [main({ startedAt: READ_AT + 1 }), main({ name: 'other', startedAt: READ_AT })],
    habit: 'not_reread',
  },
  {
    it: 'is unknown if the container that may have read has ended',
    reads: readOnce(),
    containers: [main({ isRunning: false })],
    habit: 'unknown',
  },
  {
    it: 'is unknown if the start of the containers is not known',
    reads: readOnce(),
    containers: [main({ startedAt: undefined })],
    habit: 'unknown',
  },
  {
    it: 'is unread after ten generations and a day',
    reads: tokenReads({ withoutRead: 10 }),
    habit: 'unread',
  },
  {
    it: 'is unknown if a container mounts a copy, whose reads are not seen after a rotation',
    reads: tokenReads({ withoutRead: 10 }),
    containers: [main(), main({ name: 'other', copiedVolumes: [VOLUME] })],
    habit: 'unknown',
  },
  {
    it: 'is unknown after one read if a container mounts a copy: it may read that again and again',
    reads: readOnce(),
    containers: [main(), main({ name: 'other', copiedVolumes: [VOLUME] })],
    habit: 'unknown',
  },
  {
    it: 'is not_reread after one read if only an init container mounts a copy, which has ended',
    reads: readOnce(),
    containers: [init({ copiedVolumes: [VOLUME] }), main()],
    habit: 'not_reread',
  },
  {
    it: 'is unknown without a read if an init container mounts a copy, which it may have read',
    reads: tokenReads(),
    containers: [init({ copiedVolumes: [VOLUME] }), main()],
    habit: 'unknown',
  },
  {
    it: 'is unread if a container mounts a copy of another volume',
    reads: tokenReads(),
    containers: [main({ copiedVolumes: ['other'] })],
    habit: 'unread',
  },
  {
    it: 'is unknown after one read if the volume was mounted again since: the reads below it are not seen',
    reads: readOnce(),
    mountedAt: NOW - HOUR,
    habit: 'unknown',
  },
  {
    it: 'is unknown without a read if the volume was mounted again since',
    reads: tokenReads(),
    mountedAt: NOW - HOUR,
    habit: 'unknown',
  },
  {
    it: 'is not_reread if the container started right after the volume was mounted, by whole seconds',
    reads: readOnce(),
    mountedAt: NOW - DAY + 0.9,
    habit: 'not_reread',
  },
  {
    it: 'is not_reread if the volume was mounted again and the container that read it started after that',
    reads: readOnce(),
    containers: [main({ startedAt: READ_AT - 60 })],
    mountedAt: READ_AT - 61,
    habit: 'not_reread',
  },
  {
    it: 'is unknown after one read if a container may have started before the volume was mounted again',
    reads: readOnce(),
    containers: [main(), main({ name: 'other', startedAt: undefined })],
    mountedAt: NOW - DAY - 1,
    habit: 'unknown',
  },
  {
    it: 'is not_reread if another container has never started',
    reads: readOnce(),
    containers: [main(), main({ name: 'other', isRunning: false, startedAt: undefined })],
    mountedAt: NOW - DAY - 1,
    habit: 'not_reread',
  },
  {
    it: 'is unknown after one read if another mount is below the volume, and when it was covered is not known',
    reads: readOnce(),
    isStacked: true,
    habit: 'unknown',
  },
  {
    it: 'is unknown without a read if another mount is below the volume',
    reads: tokenReads(),
    isStacked: true,
    habit: 'unknown',
  },
  {
    it: 'is rereads if the volume was mounted again and is read again',
    reads: readAgain(),
    mountedAt: NOW - HOUR,
    habit: 'rereads',
  },
  {
    it: 'is unknown after one read if not all containers are known: an init container may have read',
    reads: readOnce(),
    hasUnknownContainers: true,
    habit: 'unknown',
  },
  {
    it: 'is unknown without a read if not all containers are known',
    reads: tokenReads(),
    hasUnknownContainers: true,
    habit: 'unknown',
  },
  {
    it: 'is unknown if the volume is older than the exporter, or the clock was set: start times prove nothing',
    reads: tokenReads({ isStartObserved: false }),
    habit: 'unknown',
  },
  { it: 'is unknown after nine generations', reads: tokenReads({ withoutRead: 9 }), habit: 'unknown' },
  {
    it: 'is unknown less than a day after the start',
    reads: tokenReads(),
    containers: [main({ startedAt: NOW - DAY + 1 })],
    habit: 'unknown',
  },
  {
    it: 'is unknown less than a day after the start of another container',
    reads: tokenReads(),
    containers: [main(), main({ name: 'other', startedAt: NOW - HOUR })],
    habit: 'unknown',
  },
  {
    it: 'is unknown before ten generations may have passed since the start: earlier ones do not count',
    reads: tokenReads(),
    lifetime: 3 * HOUR + 60,
    habit: 'unknown',
  },
  {
    it: 'is unread once ten generations have passed since the start',
    reads: tokenReads(),
    lifetime: 3 * HOUR,
    habit: 'unread',
  },
  {
    it: 'is unknown without current pods: a container may have been restarted since',
    reads: tokenReads(),
    arePodsCurrent: false,
    habit: 'unknown',
  },
  {
    it: 'is not_reread without current pods: a container that was restarted since would have read again',
    reads: readOnce(),
    arePodsCurrent: false,
    habit: 'not_reread',
  },
  {
    it: 'is unread if the watch is as old as the containers',
    reads: tokenReads({ completeSince: NOW - DAY }),
    habit: 'unread',
  },
  {
    it: 'is unknown if a container started before the watch',
    reads: tokenReads({ completeSince: NOW - DAY + 0.5 }),
    habit: 'unknown',
  },
  {
    it: 'is unknown if an init container started before the watch',
    reads: tokenReads({ completeSince: NOW - DAY - 59 }),
    containers: [init(), main()],
    habit: 'unknown',
  },
  {
    it: 'is unread if the init containers did not read either',
    reads: tokenReads({ completeSince: NOW - DAY - 60 }),
    containers: [init(), main()],
    habit: 'unread',
  },
  {
    it: 'is unknown if the current generation may have been read unseen',
    reads: tokenReads({ mayHideRead: true }),
    habit: 'unknown',
  },
  { it: 'is unknown without containers', reads: tokenReads(), containers: [], habit: 'unknown' },
  {
    it: 'is unknown for an unread token in a virtual machine',
    reads: tokenReads(),
    runtimeClass: 'kata',
    habit: 'unknown',
  },
  {
    it: 'is unknown for a token in a virtual machine',
    reads: readAgain(),
    runtimeClass: 'kata',
    habit: 'unknown',
  },
];

describe('the habit', () => {
  for (const {
    it: title,
    reads,
    containers = [main()],
    mountedAt,
    isStacked = false,
    issuedAt = NOW,
    lifetime = HOUR,
    arePodsCurrent = true,
    habit,
    ...pod
  } of CASES)
    it(title, () => {
      const mount = { appearedAt: mountedAt, isStacked, bootedAt: NOW - 30 * DAY };
      const seen = token({ mount, claims: { issuedAt, expiresAt: issuedAt + lifetime } });
      const context = { pod: podFacts({ containers, ...pod }), arePodsCurrent };
      assert.equal(habitOf(reads, seen, context, NOW), habit);
    });

  for (const pod of ['absent', undefined] as const)
    it(`is only known from reads if the pod is ${pod}`, () => {
      const context = { pod, arePodsCurrent: true };
      const found = [readAgain(), readOnce(), tokenReads()].map((reads) =>
        habitOf(reads, token(), context, NOW),
      );
      assert.deepEqual(found, ['rereads', 'unknown', 'unknown']);
    });
});

describe('a read of the current generation', () => {
  const mount = { appearedAt: NOW - 2 * HOUR, isStacked: false, bootedAt: NOW - 30 * DAY };
  const isRead = (reads: TokenReads, containers: readonly ContainerFacts[], runtimeClass?: string) =>
    isReadNow(reads, token({ mount }), podFacts({ containers, runtimeClass }));
  const current = main({ startedAt: NOW - HOUR });

  it('was seen, or not', () => {
    assert.equal(isRead(readAgain(), [current]), true);
    assert.equal(isRead(readOnce(), [init({ copiedVolumes: [VOLUME] }), current]), false);
    assert.equal(isReadNow(readOnce(), token(), undefined), false);
  });

  it('is not ruled out for containers whose reads are not seen', () => {
    for (const unseen of [main({ startedAt: NOW - 3 * HOUR }), { ...current, copiedVolumes: [VOLUME] }]) {
      assert.equal(isRead(readOnce(), [current, unseen]), undefined);
      assert.equal(isRead(readAgain(), [current, unseen]), true);
    }
    assert.equal(isRead(readOnce(), [current], 'kata'), undefined);
  });
});

describe('a copy that may be held', () => {
  it('expires at the latest like a token issued when its generation began', () => {
    assert.equal(copyExpiresAt(readOnce({ lastReadGenerationAt: NOW - 100 }), claims()), NOW - 100 + HOUR);
  });

  it('expires no later than the current token, which was issued before its generation was first watched', () => {
    assert.equal(copyExpiresAt(readOnce({ lastReadGenerationAt: NOW + 100 }), claims()), NOW + HOUR);
  });

  it('has no known end without a read or the times of the token', () => {
    assert.equal(copyExpiresAt(tokenReads(), claims()), undefined);
    assert.equal(copyExpiresAt(readOnce(), claims({ expiresAt: undefined })), undefined);
    assert.equal(copyExpiresAt(readOnce(), claims({ issuedAt: undefined })), undefined);
  });
});
