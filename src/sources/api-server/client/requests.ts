/**
 * The resources that the exporter requests, the status of a successful request, and why objects of a response are
 * dropped. Label values: public contract.
 */
import type { ClusterResource } from '../../../core/cluster-facts.ts';

/** Requested to authenticate and authorize clients of the exporter. Each needs its own permission. */
export const ACCESS_RESOURCES = ['tokenreviews', 'subjectaccessreviews'] as const;
export type AccessResource = (typeof ACCESS_RESOURCES)[number];

/** Looked up for pods whose tokens are overdue. The permission is optional. */
export const LOOKUP_RESOURCES = ['persistentvolumeclaims'] as const;

export type RequestedResource = ClusterResource | AccessResource | (typeof LOOKUP_RESOURCES)[number];

/** 201 for reviews, which are created. */
export const SUCCESS: Readonly<Record<RequestedResource, string>> = {
  pods: '200',
  serviceaccounts: '200',
  keys: '200',
  events: '200',
  tokenreviews: '201',
  subjectaccessreviews: '201',
  persistentvolumeclaims: '200',
};

/**
 * Why an object that the API server sent is not used: it has no valid name or UID, a field without which it would be
 * misleading has the wrong type, it is too large, or there are too many.
 */
export const DROP_REASONS = ['unidentified', 'malformed', 'too_large', 'limit'] as const;
export type DropReason = (typeof DROP_REASONS)[number];
