/**
 * Places panels: sections of lines, each line a row of panels side by side over all 24 columns.
 *
 * Numbers panels in reading order. Knows nothing of what they show.
 */
import type { Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import { RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';

export interface Line {
  readonly height: number;
  readonly panels: readonly Panel[];
  /** Columns of each panel; an equal share where not stated. */
  readonly widths?: readonly number[];
}

export interface Section {
  readonly title: string;
  readonly lines: readonly Line[];
}

const COLUMNS = 24;

function placeLine({ height, panels, widths }: Line, y: number): readonly Panel[] {
  const share = COLUMNS / panels.length;
  let x = 0;
  return panels.map((panel, index) => {
    const width = widths?.[index] ?? share;
    const placed = { ...panel, gridPos: { x, y, w: width, h: height } };
    x += width;
    return placed;
  });
}

export function layOut(sections: readonly Section[]): readonly (Panel | RowPanel)[] {
  let y = 0;
  const placed = sections.flatMap(({ title, lines }) => {
    const row = { ...new RowBuilder(title).build(), gridPos: { x: 0, y, w: COLUMNS, h: 1 } };
    y += 1;
    const panels = lines.flatMap((line) => {
      const found = placeLine(line, y);
      y += line.height;
      return found;
    });
    return [row, ...panels];
  });
  return placed.map((panel, index) => ({ ...panel, id: index + 1 }));
}
