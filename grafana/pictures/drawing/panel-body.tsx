/**
 * The content of a panel, drawn with the components that Grafana's plugins use.
 */
import {
  type DataFrame,
  dateTime,
  type FieldConfigSource,
  type GrafanaTheme2,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  type TimeRange,
  VizOrientation,
} from '@grafana/data';
import { BigValue, TimeSeries, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import type { ReactNode } from 'react';
import { drawing, type Item, interpolate } from './drawing.ts';

export interface BodyProps {
  readonly panel: Item['panel'];
  readonly config: FieldConfigSource;
  readonly data: DataFrame[];
  readonly theme: GrafanaTheme2;
  readonly width: number;
  readonly height: number;
}

const from = dateTime(drawing.from * 1_000);
const to = dateTime(drawing.to * 1_000);
const timeRange: TimeRange = { from, to, raw: { from, to } };

function Empty({ config, theme, width, height }: BodyProps): ReactNode {
  const center = { display: 'flex', alignItems: 'center', justifyContent: 'center', textAlign: 'center' };
  return (
    <div data-is-empty style={{ width, height, color: theme.colors.text.secondary, ...center }}>
      {config.defaults.noValue ?? 'No data'}
    </div>
  );
}

function displayValues({ panel, config, data, theme }: BodyProps) {
  const { reduceOptions } = panel.options;
  const shared = { replaceVariables: interpolate, theme, data, timeZone: 'utc' };
  return getFieldDisplayValues({ fieldConfig: config, reduceOptions, sparkline: false, ...shared });
}

function Stat(props: BodyProps): ReactNode {
  const { panel, data, theme, width, height } = props;
  const { orientation, colorMode, graphMode, justifyMode } = panel.options;
  return (
    <VizRepeater
      getValues={() => displayValues(props)}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      {...{ width, height }}
      source={data}
      autoGrid
      orientation={orientation ?? VizOrientation.Auto}
      renderCounter={0}
      renderValue={({ value, count, alignmentFactors, width, height }) => (
        <BigValue
          value={value.display}
          {...{ count, colorMode, graphMode, justifyMode, alignmentFactors, width, height, theme }}
          textMode={count === 1 ? 'value' : 'auto'}
        />
      )}
    />
  );
}

function Table(props: BodyProps): ReactNode {
  const { panel, config, data, width, height } = props;
  const { showHeader, showTypeIcons, sortBy, cellHeight } = panel.options;
  const [frame] = data;
  if (frame === undefined || frame.length === 0) return <Empty {...props} />;
  return (
    <TableNG
      data={frame}
      {...{ width, height, cellHeight, showTypeIcons, timeRange }}
      noHeader={showHeader === false}
      resizable
      sortBy={sortBy?.map((one: object) => ({ ...one }))}
      fieldConfig={config}
      structureRev={1}
      enableVirtualization={false}
    />
  );
}

/** As Grafana's plugin: a line has a gap where its value is not a number. */
function withGaps(frame: DataFrame): DataFrame {
  const finite = (value: unknown) => (Number.isFinite(value) ? value : null);
  const fields = frame.fields.map((field) => ({ ...field, values: field.values.map(finite) }));
  return { ...frame, fields };
}

function Graph(props: BodyProps): ReactNode {
  const { panel, data, width, height } = props;
  const frames = data.filter(({ fields, length }) => fields.length > 1 && length > 0).map(withGaps);
  if (frames.length === 0) return <Empty {...props} />;
  return (
    <TimeSeries
      {...{ frames, width, height, timeRange }}
      timeZone="utc"
      legend={panel.options.legend}
      structureRev={1}
      options={panel.options}
    >
      {() => null}
    </TimeSeries>
  );
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly color: string;
}

/** The intervals in which a series has the same text. */
function spansOf(frame: DataFrame): readonly Span[] {
  const [time, field] = frame.fields;
  const spans: Span[] = [];
  for (const [index, at] of (time?.values ?? []).entries()) {
    const value = field?.values[index];
    const { text, color = '' } = field?.display?.(value) ?? { text: String(value) };
    const last = spans.at(-1);
    const to = at + drawing.step * 1_000;
    if (last?.text === text && at <= last.to) spans[spans.length - 1] = { ...last, to };
    else spans.push({ from: at, to, text, color });
  }
  return spans;
}

/** Of a character of a label. */
const CHARACTER = 7;
const LINE = 28;
const NOTE = 24;

/** Grafana's state timeline is in no package: this is a stand-in. */
function Timeline(props: BodyProps): ReactNode {
  const { panel, data, theme, width, height } = props;
  const frames = data
    .filter(({ fields, length }) => fields.length > 1 && length > 0)
    .slice(0, Math.floor((height - NOTE) / LINE));
  if (frames.length === 0) return <Empty {...props} />;
  const names = frames.map(({ fields }) => fields[1]?.state?.displayName ?? '');
  const labels = 16 + CHARACTER * Math.max(...names.map(({ length }) => length));
  const scale = (width - labels) / (drawing.to - drawing.from) / 1_000;
  return (
    <svg
      {...{ width, height }}
      role="img"
      aria-label={panel.title}
      fontSize={12}
      fill={theme.colors.text.primary}
    >
      {frames.map((frame, row) => (
        <g key={frame.fields[1]?.state?.displayName} transform={`translate(0 ${row * LINE})`}>
          <text x={labels - 8} y={17} textAnchor="end">
            {frame.fields[1]?.state?.displayName}
          </text>
          {spansOf(frame).map(({ from, to, text, color }) => (
            <rect
              key={from}
              x={labels + (from - drawing.from * 1_000) * scale}
              width={(to - from) * scale}
              height={LINE - 6}
              fill={color}
              fillOpacity={0.8}
            >
              <title>{text}</title>
            </rect>
          ))}
        </g>
      ))}
      <text x={width - 4} y={height - 6} textAnchor="end" fill={theme.colors.text.secondary}>
        stand-in for a state timeline
      </text>
    </svg>
  );
}

const BODIES = { stat: Stat, table: Table, timeseries: Graph, 'state-timeline': Timeline };

export function PanelBody(props: BodyProps): ReactNode {
  const Body = BODIES[props.panel.type as keyof typeof BODIES];
  if (Body === undefined) throw new Error(`cannot draw panels of type ${props.panel.type}`);
  return <Body {...props} />;
}
