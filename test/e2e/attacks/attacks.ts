/**
 * All attacks on the metrics port.
 */
import type { Attack } from './attack.ts';
import { ON_TLS, SLOW } from './connection-attacks.ts';
import { AUTHENTICATED, UNAUTHENTICATED } from './request-attacks.ts';

export const ATTACKS: readonly Attack[] = [...UNAUTHENTICATED, ...SLOW, ...ON_TLS, ...AUTHENTICATED];
