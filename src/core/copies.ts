/**
 * Copies of tokens in containers that mount them with `subPath`: a copy matters only as long as its container runs.
 */
import { sameItems, stable } from '../util/stable.ts';
import type { ClusterFacts, PodFacts } from './cluster-facts.ts';
import type { Observation } from './observation.ts';
import type { Token } from './token/token.ts';

/** Whether the facts tell if a container of this name runs. */
export function isContainerKnown({ containers, hasUnknownContainers }: PodFacts, container: string): boolean {
  return hasUnknownContainers !== true || containers.some(({ name }) => name === container);
}

/** Whether a token is the copy of a container that has ended, as an init container, or waits to be started again. */
function isUnused({ identity, copy }: Token, { pods }: ClusterFacts): boolean {
  const pod = copy === undefined ? undefined : pods?.get(identity.podUid);
  if (copy === undefined || pod === undefined || !isContainerKnown(pod, copy.container)) return false;
  return !pod.containers.some(({ name, isRunning }) => isRunning && name === copy.container);
}

/** Returns a function that drops the copies that no running container has: a container that restarts gets a new one. */
export function createDropUnused(): (observation: Observation, cluster: ClusterFacts) => Observation {
  const stableTokens = stable<readonly Token[]>(sameItems);
  return (observation, cluster) => {
    if (!observation.tokens.some((token) => isUnused(token, cluster))) return observation;
    const tokens = observation.tokens.filter((token) => !isUnused(token, cluster));
    return { ...observation, tokens: stableTokens(tokens) };
  };
}
