/**
 * Everything that can go wrong.
 */
import { EXPORTER_TROUBLES, FILE_TROUBLES } from './file-troubles.ts';
import { IDENTITY_TROUBLES } from './identity-troubles.ts';
import { LATE_TROUBLES, NODE_TROUBLES } from './late-troubles.ts';
import type { Trouble } from './trouble.ts';

export const TROUBLES: readonly Trouble[] = [
  ...NODE_TROUBLES,
  ...LATE_TROUBLES,
  ...IDENTITY_TROUBLES,
  ...FILE_TROUBLES,
  ...EXPORTER_TROUBLES,
];
