/**
 * Records the exposition of a simulated node, minute by minute, as series for promtool.
 */
import type { Snapshot } from '../../src/core/snapshot.ts';
import { createListFamilies } from '../../src/metrics/families.ts';
import { familyOptions, printed } from '../support/exposition.ts';
import type { Series } from './promtool.ts';
import { TARGET } from './series.ts';

const TARGET_TEXT = Object.entries(TARGET)
  .map(([label, value]) => `${label}="${value}"`)
  .join(',');

export interface Recording {
  /** Records one minute. */
  readonly scrape: (snapshot: Snapshot) => void;
  /** Records one minute in which the scrape fails. */
  readonly miss: () => void;
  readonly series: () => Series;
  readonly minutes: () => number;
}

/** `lead`: minutes from the epoch, at which promtool starts, to the first scrape. */
export function createRecording(lead: number): Recording {
  const list = createListFamilies(familyOptions());
  const recorded = new Map<string, string[]>();
  const up: string[] = [];
  let minutes = 0;

  const add = (name: string, value: string): void => {
    const values = recorded.get(name) ?? Array<string>(minutes).fill('_');
    // Prometheus marks a series as stale if it is no longer exported.
    if (values.length < minutes) values.push('stale');
    while (values.length < minutes) values.push('_');
    values.push(value);
    recorded.set(name, values);
  };
  const addLine = (line: string): void => {
    const [, name = '', labels = '', value = ''] = /^(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
    add(`${name}{${labels},${TARGET_TEXT}}`, value);
  };
  const scrape = (snapshot: Snapshot): void => {
    const lines = printed(list(snapshot), 'text').split('\n');
    for (const line of lines) if (!line.startsWith('#') && line !== '') addLine(line);
    up.push('1');
    minutes += 1;
  };
  const miss = (): void => {
    // Prometheus marks all series of a target as stale if its scrape fails.
    for (const values of recorded.values()) if (values.length === minutes) values.push('stale');
    up.push('0');
    minutes += 1;
  };
  const series = (): Series =>
    Object.fromEntries(
      [...recorded, [`up{${TARGET_TEXT}}`, up] as const].map(([name, values]) => [
        name,
        // Prometheus marks a series as stale if it is no longer exported.
        `_x${lead} ${values.join(' ')}${values.length < minutes ? ' stale' : ''}`,
      ]),
    );
  return { scrape, miss, series, minutes: () => minutes };
}
