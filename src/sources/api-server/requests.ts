/**
 * What the API server is asked for by the agent and by its guard, and what it answers when all is well.
 *
 * Knows nothing of how it is asked.
 */
import type { ClusterResource } from '../../core/cluster-facts.ts';

/** Requested to authenticate and authorize clients of the exporter, each with a permission of its own. Values of a label: public contract. */
export const ACCESS_RESOURCES = ['tokenreviews', 'subjectaccessreviews'] as const;
export type AccessResource = (typeof ACCESS_RESOURCES)[number];

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
