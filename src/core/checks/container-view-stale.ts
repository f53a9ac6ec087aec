/**
 * The volume was mounted again while a container ran: the container still sees the file system that was mounted when it
 * started, which gets no new tokens, while the files on the node are fresh.
 *
 * A kubelet that runs in a container and restarts without its earlier mounts does that
 * (https://github.com/siderolabs/talos/issues/13352).
 */
import { formatRelative } from '../../util/duration.ts';
import type { PodFacts } from '../cluster-facts.ts';
import type { ContainerFacts } from '../container-facts.ts';
import { ALWAYS } from '../problems/severity.ts';
import type { EpochSeconds, MountFacts, Token } from '../token/token.ts';
import { type Check, fail, PASS, unknown, type Verdict } from './check.ts';
import { findPod, podArguments, quoted } from './commands.ts';

/** A container starts after its volumes are mounted: by the clocks of the kernel and of the runtime, in whole seconds. */
const TOLERANCE_SECONDS = 60;

const UNKNOWN_MOUNT = unknown('when the volume was mounted is not known');
const STACKED = unknown('another volume is mounted below this one; when this one was mounted is not known');
const CLOCK_SET_BACK = unknown('the clock of the node was set back since the volume was mounted');
const UNKNOWN_CONTAINERS = unknown('which containers run, and since when, is not known');

/** A mount whose time is known, as the containers of a pod see it. */
interface Viewed extends MountFacts {
  readonly appearedAt: EpochSeconds;
  readonly pod: PodFacts;
}

function viewOf({ startedAt }: ContainerFacts, viewed: Viewed): 'current' | 'stale' | 'unknown' {
  const { appearedAt, bootedAt, pod } = viewed;
  if (startedAt === undefined) return 'unknown';
  if (startedAt >= appearedAt - TOLERANCE_SECONDS) return 'current';
  // After a reboot, the API server has the times of before until the kubelet reports.
  if (startedAt <= bootedAt) return 'current';
  // No container starts before its pod, unless the clock was set back in between.
  return pod.startedAt === undefined || startedAt < pod.startedAt ? 'unknown' : 'stale';
}

function judgeViews({ identity: { volume } }: Token, viewed: Viewed, now: EpochSeconds): Verdict {
  const viewers = viewed.pod.containers.filter((one) => one.isRunning && one.fixedVolumes.includes(volume));
  const views = viewers.map((one) => ({ one, view: viewOf(one, viewed) }));
  const stale = views.filter(({ view }) => view === 'stale').map(({ one }) => one.name);
  if (stale.length > 0)
    return fail(
      `the volume was mounted again ${formatRelative(now, viewed.appearedAt)}, and container ${stale.join(', ')} still sees the one before`,
      'critical',
    );
  const isUnknown = viewed.pod.hasUnknownContainers === true || views.some(({ view }) => view === 'unknown');
  return isUnknown ? UNKNOWN_CONTAINERS : PASS;
}

export const containerViewStale = {
  reason: 'container_view_stale',
  summary: 'A container sees an older mount of the volume, which gets no new tokens.',
  severities: { critical: ALWAYS },
  appliesTo: ['kubelet'],
  runbook: 'SATokenContainerViewStale',
  judge: ({ token, context: { pod, arePodsCurrent } }, now) => {
    const { mount } = token;
    if (mount === undefined) return UNKNOWN_MOUNT;
    const { appearedAt } = mount;
    if (appearedAt === undefined) return mount.isStacked ? STACKED : PASS;
    if (appearedAt > now + TOLERANCE_SECONDS) return CLOCK_SET_BACK;
    if (pod === undefined || pod === 'absent' || !arePodsCurrent) return UNKNOWN_CONTAINERS;
    return judgeViews(token, { ...mount, appearedAt, pod }, now);
  },
  fix: (token) => [
    ...findPod(token),
    `kubectl delete pod ${podArguments(token)}  # the containers of a new pod see the current volume`,
    `grep -F -e ${quoted(token.identity.podUid)} /proc/mounts  # on the node: the same directory twice`,
    'If the kubelet runs in a container, mount its root directory into it with rbind and rshared, so that it finds its mounts after a restart',
  ],
} as const satisfies Check;
