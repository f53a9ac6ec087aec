/**
 * The resources that the exporter requests, and the status of a successful request. Label values: public contract.
 */
import type { ClusterResource } from '../../core/cluster-facts.ts';

/** Requested to authenticate and authorize clients of the exporter. Each needs its own permission. */
export const ACCESS_RESOURCES = ['tokenreviews', 'subjectaccessreviews'] as const;
export type AccessResource = (typeof ACCESS_RESOURCES)[number];

export type RequestedResource = ClusterResource | AccessResource;

/** 201 for reviews, which are created. */
export const SUCCESS: Readonly<Record<RequestedResource, string>> = {
  pods: '200',
  serviceaccounts: '200',
  keys: '200',
  events: '200',
  tokenreviews: '201',
  subjectaccessreviews: '201',
};
