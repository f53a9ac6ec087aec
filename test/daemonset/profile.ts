/**
 * The seccomp profile, as a table of allowed system calls.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './image.ts';

interface Argument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo: number;
  readonly op: 'SCMP_CMP_EQ' | 'SCMP_CMP_MASKED_EQ';
}

interface Rule {
  readonly names: readonly string[];
  readonly action: string;
  readonly args?: readonly Argument[];
}

interface Profile {
  readonly defaultAction: string;
  readonly defaultErrnoRet: number;
  readonly syscalls: readonly Rule[];
}

export const PROFILE_FILE = 'daemonset/overlays/seccomp/sa-token-exporter.json';
export const PROFILE = JSON.parse(readFileSync(join(ROOT, PROFILE_FILE), 'utf8')) as Profile;

/** System calls that are allowed, some with certain arguments only. */
export const ALLOWED: readonly string[] = [...new Set(PROFILE.syscalls.flatMap(({ names }) => names))].sort();

/** Whether a call with these arguments is allowed. Those that are not given are 0. */
export function isAllowed(name: string, args: readonly number[] = []): boolean {
  const matches = ({ index, value, valueTwo, op }: Argument): boolean => {
    const given = args[index] ?? 0;
    return op === 'SCMP_CMP_EQ' ? given === value : (given & value) === valueTwo;
  };
  return PROFILE.syscalls.some((rule) => rule.names.includes(name) && (rule.args ?? []).every(matches));
}
