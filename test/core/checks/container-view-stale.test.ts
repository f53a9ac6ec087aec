/**
 * container_view_stale: a container sees an older mount of the volume than the node.
 */
import { describe } from 'mocha';
import type { PodFacts } from '../../../src/core/cluster-facts.ts';
import type { ContainerFacts } from '../../../src/core/container-facts.ts';
import type { MountFacts, Token } from '../../../src/core/token/token.ts';
import { clusterAround, containerFacts, podFacts, projection } from '../../support/cluster.ts';
import { NOW, POD_UID, token } from '../../support/tokens.ts';
import { type Case, testCases } from './cases.ts';

const HOUR = 3_600;
const DAY = 86_400;

/** A token whose volume was mounted an hour ago, on a node that was booted a day ago. */
function mounted(mount: Partial<MountFacts> = {}): Token {
  return token({ mount: { appearedAt: NOW - HOUR, isStacked: false, bootedAt: NOW - DAY, ...mount } });
}

function withoutMount(): Token {
  const one: Omit<Token, 'mount'> & { mount?: MountFacts } = mounted();
  const copy = { ...one };
  delete copy.mount;
  return copy;
}

/** A container that sees the volume as it was when the container started: a minute and a second before the mount. */
function viewer(overrides: Partial<ContainerFacts> = {}): ContainerFacts {
  return containerFacts({
    startedAt: NOW - HOUR - 61,
    fixedVolumes: [token().identity.volume],
    ...overrides,
  });
}

/** A pod of two hours with these containers. */
function podWith(containers: readonly ContainerFacts[], overrides: Partial<PodFacts> = {}) {
  const projections = [projection({ volume: 'vault-token', path: 'vault-token', audience: 'vault' })];
  const pod = podFacts({ startedAt: NOW - 2 * HOUR, projections, containers, ...overrides });
  return { pods: new Map([[POD_UID, pod]]) };
}

const STALE = podWith([viewer()]);

const cases: readonly Case[] = [
  {
    it: 'is unknown without a stale container if not all of them are known',
    cluster: podWith([viewer({ startedAt: NOW })], { hasUnknownContainers: true }),
    status: 'unknown',
  },
  {
    it: 'fails for a stale container if others are not known',
    cluster: podWith([viewer()], { hasUnknownContainers: true }),
    status: 'fail',
    severity: 'critical',
  },
  {
    it: 'fails if a container was started more than a minute before the mount',
    cluster: STALE,
    status: 'fail',
    severity: 'critical',
    failures: ['container_view_stale'],
    detail: 'the volume was mounted again 1h1m ago, and container main still sees the one before',
  },
  {
    it: 'passes a container that was started a minute before the mount',
    cluster: podWith([viewer({ startedAt: NOW - HOUR - 60 })]),
    status: 'pass',
  },
  {
    it: 'passes a container that was started after the mount, as every restarted one',
    cluster: podWith([viewer({ startedAt: NOW - 60 })]),
    status: 'pass',
  },
  {
    it: 'names every container that sees an older mount',
    cluster: podWith([
      viewer(),
      viewer({ name: 'proxy', kind: 'restartable_init' }),
      viewer({ name: 'restarted', startedAt: NOW }),
    ]),
    status: 'fail',
    detail: 'the volume was mounted again 1h1m ago, and container main, proxy still sees the one before',
  },
  {
    it: 'passes containers that have ended',
    cluster: podWith([
      viewer({ isRunning: false, finishedAt: NOW }),
      viewer({ name: 'setup', kind: 'init', isRunning: false, finishedAt: NOW - HOUR }),
    ]),
    status: 'pass',
  },
  {
    it: 'passes containers that do not mount the volume, or that see later mounts',
    cluster: podWith([viewer({ fixedVolumes: ['another-token'] })]),
    status: 'pass',
  },
  {
    it: 'passes a container of before the reboot, which the API server still lists',
    token: mounted({ bootedAt: NOW - HOUR - 30 }),
    cluster: STALE,
    status: 'pass',
  },
  {
    it: 'passes a volume that was not mounted again while the exporter ran, without birth times',
    token: mounted({ appearedAt: undefined }),
    cluster: STALE,
    status: 'pass',
  },
  {
    it: 'is unknown if the volume covers another one, and since when is not known',
    token: mounted({ appearedAt: undefined, isStacked: true }),
    cluster: STALE,
    status: 'unknown',
  },
  {
    it: 'is unknown if the mount is not known',
    token: withoutMount(),
    cluster: STALE,
    status: 'unknown',
  },
  {
    it: 'is unknown if the start of the container is not known',
    cluster: podWith([viewer({ startedAt: undefined })]),
    status: 'unknown',
  },
  {
    it: 'fails for one container if the start of another is not known',
    cluster: podWith([viewer({ name: 'odd', startedAt: undefined }), viewer()]),
    status: 'fail',
  },
  {
    it: 'is unknown if the pods are not known',
    cluster: (one) => ({ ...clusterAround(one), pods: undefined }),
    status: 'unknown',
  },
  {
    it: 'is unknown while the pods are not current: the container may have been restarted',
    cluster: { ...STALE, podsLostAt: NOW },
    status: 'unknown',
  },
  {
    it: 'is unknown if the clock was set back between the pod and its container',
    cluster: podWith([viewer()], { startedAt: NOW - HOUR - 60 }),
    status: 'unknown',
  },
  {
    it: 'is unknown if the start of the pod is not known, so that the clock may have been set back',
    cluster: podWith([viewer()], { startedAt: undefined }),
    status: 'unknown',
  },
  {
    it: 'is unknown if the mount is in the future, so that the clock was set back',
    token: mounted({ appearedAt: NOW + 121 }),
    cluster: STALE,
    status: 'unknown',
  },
  {
    it: 'passes a pod that has ended',
    cluster: podWith([viewer()], { phase: 'Succeeded' }),
    status: 'pass',
  },
  {
    it: 'passes the copy of a container that mounts the token with subPath',
    token: {
      ...mounted(),
      volumeKind: 'subpath',
      copy: { container: 'main', replacedAt: undefined },
    },
    cluster: STALE,
    status: 'pass',
  },
];

describe('container_view_stale', () => {
  testCases('container_view_stale', cases);
});
