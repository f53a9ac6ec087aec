/**
 * All cases of the alerts, by what they are about.
 */
import { ERROR_CASES } from './error-cases.ts';
import { EXPORTER_CASES } from './exporter-cases.ts';
import { LINK_CASES } from './link-cases.ts';
import { NODE_CASES } from './node-cases.ts';
import { PROBLEM_CASES } from './problem-cases.ts';
import type { Case } from './promtool.ts';
import { TEXT_CASES } from './text-cases.ts';
import { WORKLOAD_CASES } from './workload-cases.ts';

export const CASES_BY_SUBJECT: Readonly<Record<string, readonly Case[]>> = {
  problems: PROBLEM_CASES,
  nodes: NODE_CASES,
  exporters: EXPORTER_CASES,
  errors: ERROR_CASES,
  links: LINK_CASES,
  descriptions: TEXT_CASES,
  workloads: WORKLOAD_CASES,
};

export const CASES: readonly Case[] = Object.values(CASES_BY_SUBJECT).flat();
