/**
 * Groups of at most 20 rules, for rulers with a limit. Each part has the recordings that its alerts need first; other parts
 * may be evaluated before or after it.
 */
import { knob } from './knobs.ts';
import type { Alert, Group, Recording } from './rule.ts';

/** The default of Mimir and Grafana Cloud. */
export const MAX_RULES = 20;

/** The recordings that an expression uses, directly or by others, in their order. */
function usedBy(expr: string, recordings: readonly Recording[]): readonly Recording[] {
  const direct = recordings.filter(({ record }) => new RegExp(`${record}(?![\\w:])`).test(expr));
  const others = direct.flatMap((one) => usedBy(one.expr, recordings.slice(0, recordings.indexOf(one))));
  return recordings.filter((one) => direct.includes(one) || others.includes(one));
}

interface Part {
  readonly recordings: Recording[];
  readonly alerts: Alert[];
}

const sizeOf = ({ recordings, alerts }: Part): number => recordings.length + alerts.length;

/** Those that may be an evaluation late come last: they wait anyway, and info inhibits what they would. */
function byUrgency(alerts: readonly Alert[]): readonly Alert[] {
  const infos = alerts.filter(({ severity }) => severity === 'info').map(({ name }) => name);
  const mayWait = (alert: Alert): boolean =>
    infos.includes(alert.name) && alert.severity !== 'info' && alert.for !== knob('atOnce');
  return [...alerts.filter((one) => !mayWait(one)), ...alerts.filter(mayWait)];
}

function partsOf(group: Group): readonly Group[] {
  if (group.recordings.length + group.alerts.length <= MAX_RULES) return [group];
  const placed = new Set<Recording>();
  const parts: Part[] = [];
  for (const alert of byUrgency(group.alerts)) {
    const needed = usedBy(alert.expr, group.recordings).filter((one) => !placed.has(one));
    const last = parts.at(-1);
    const isFull = last === undefined || sizeOf(last) + needed.length + 1 > MAX_RULES;
    const part = isFull ? { recordings: [], alerts: [] } : last;
    if (isFull) parts.push(part);
    part.recordings.push(...needed);
    part.alerts.push(alert);
    for (const one of needed) placed.add(one);
  }
  const nameOf = (index: number): string => (index === 0 ? group.name : `${group.name}-${index + 1}`);
  return parts.map(({ recordings, alerts }, index) => ({
    name: nameOf(index),
    recordings: group.recordings.filter((one) => recordings.includes(one)),
    alerts,
  }));
}

export function smallGroups(groups: readonly Group[]): readonly Group[] {
  return groups.flatMap(partsOf);
}
