/**
 * The reasons of tokens that are not rotated, and those of service accounts for which the kubelet can rotate none.
 */
import type { Reason } from '../checks/index.ts';

export const LATE_REASONS = ['rotation_overdue', 'stale', 'expired'] as const satisfies readonly Reason[];
export type LateReason = (typeof LATE_REASONS)[number];

export const ACCOUNT_REASONS: readonly Reason[] = ['service_account_missing', 'service_account_recreated'];

export function isLateReason(reason: Reason): reason is LateReason {
  return (LATE_REASONS as readonly Reason[]).includes(reason);
}
