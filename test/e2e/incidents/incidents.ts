/**
 * All incidents. A reason or cause whose alert no incident causes fails `test/e2e/alerting.test.ts`.
 */
import { EXPORTER_INCIDENTS, FILE_INCIDENTS } from './file-incidents.ts';
import { IDENTITY_INCIDENTS } from './identity-incidents.ts';
import type { Incident } from './incident.ts';
import { NODE_INCIDENTS, ROTATION_INCIDENTS } from './rotation-incidents.ts';

export const INCIDENTS: readonly Incident[] = [
  ...NODE_INCIDENTS,
  ...ROTATION_INCIDENTS,
  ...IDENTITY_INCIDENTS,
  ...FILE_INCIDENTS,
  ...EXPORTER_INCIDENTS,
];
