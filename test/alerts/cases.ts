/**
 * All cases of the alerts.
 */
import { ERROR_CASES } from './error-cases.ts';
import { EXPORTER_CASES } from './exporter-cases.ts';
import { LINK_CASES } from './link-cases.ts';
import { NODE_CASES } from './node-cases.ts';
import { PROBLEM_CASES } from './problem-cases.ts';
import type { Case } from './promtool.ts';
import { TEXT_CASES } from './text-cases.ts';
import { WORKLOAD_CASES } from './workload-cases.ts';

export const CASES: readonly Case[] = [
  ...PROBLEM_CASES,
  ...NODE_CASES,
  ...EXPORTER_CASES,
  ...ERROR_CASES,
  ...LINK_CASES,
  ...TEXT_CASES,
  ...WORKLOAD_CASES,
];
