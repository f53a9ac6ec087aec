/**
 * What Prometheus would have of a simulated node: the exposition of one minute after another, as series for promtool.
 *
 * Knows nothing of what is on the node.
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
  /** One more minute. */
  readonly scrape: (snapshot: Snapshot) => void;
  /** One more minute, in which the scrape fails. */
  readonly miss: () => void;
  readonly series: () => Series;
  readonly minutes: () => number;
}

/** Time begins `lead` minutes before the first scrape: as long ago as 1970 is for the clock of the simulation. */
export function createRecording(lead: number): Recording {
  const list = createListFamilies(familyOptions());
  const recorded = new Map<string, string[]>();
  const up: string[] = [];
  let minutes = 0;

  const add = (name: string, value: string): void => {
    const values = recorded.get(name) ?? Array<string>(minutes).fill('_');
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
    // Prometheus takes all series of a target that does not answer for gone.
    for (const values of recorded.values()) if (values.length === minutes) values.push('stale');
    up.push('0');
    minutes += 1;
  };
  const series = (): Series =>
    Object.fromEntries(
      [...recorded, [`up{${TARGET_TEXT}}`, up] as const].map(([name, values]) => [
        name,
        // What is not there any more is known to be gone.
        `_x${lead} ${values.join(' ')}${values.length < minutes ? ' stale' : ''}`,
      ]),
    );
  return { scrape, miss, series, minutes: () => minutes };
}
