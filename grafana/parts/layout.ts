/**
 * The layout of a dashboard: sections of lines, each with panels over all 24 columns.
 *
 * Panels are numbered in reading order.
 */
import type { Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import { RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';

export interface Line {
  readonly height: number;
  readonly panels: readonly Panel[];
  /** The number of columns of each panel; by default all panels are equally wide. */
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
