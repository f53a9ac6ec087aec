/**
 * The seccomp profile, as a table of denied system calls.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './image.ts';

interface Argument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo: number;
  readonly op: string;
}

export interface Rule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet: number;
  readonly args?: readonly Argument[];
}

interface Profile {
  readonly defaultAction: string;
  readonly syscalls: readonly Rule[];
}

export const PROFILE_FILE = 'daemonset/overlays/seccomp/sa-token-exporter.json';
export const PROFILE = JSON.parse(readFileSync(join(ROOT, PROFILE_FILE), 'utf8')) as Profile;

const ENOSYS = 38;
const always = PROFILE.syscalls.filter(({ args }) => args === undefined);

/** System calls that are always denied. */
export const DENIED: readonly string[] = always
  .filter(({ errnoRet }) => errnoRet !== ENOSYS)
  .flatMap(({ names }) => names);

/** System calls that fail with ENOSYS, so that callers fall back to others. */
export const ABSENT: readonly string[] = always
  .filter(({ errnoRet }) => errnoRet === ENOSYS)
  .flatMap(({ names }) => names);

/** Whether a call with these flags is denied. */
export function isDenied(name: string, flags: number): boolean {
  return PROFILE.syscalls.some(
    (rule) =>
      rule.names.includes(name) &&
      (rule.args ?? []).every(({ value, valueTwo }) => (flags & value) === valueTwo),
  );
}
