/**
 * What the API server is asked for by the agent and by its guard, and what it answers when all is well.
 *
 * Knows nothing of how it is asked.
 */
import type { AccessResource } from './access.ts';
import type { ClusterResource } from './cluster.ts';

export type RequestedResource = ClusterResource | AccessResource;

/** The status of a success: a review is created, everything else is read. */
export const SUCCESS: Readonly<Record<RequestedResource, string>> = {
  pods: '200',
  serviceaccounts: '200',
  keys: '200',
  events: '200',
  tokenreviews: '201',
  subjectaccessreviews: '201',
};
