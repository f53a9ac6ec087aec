/**
 * Responses of Prometheus as data frames, made as by Grafana's data source, and transformed as the panel says.
 */
import { type DataFrame, FieldType, toDataFrame, transformDataFrame } from '@grafana/data';
import { lastValueFrom } from 'rxjs';
// Not exported by the package.
import { transformV2 } from '../node_modules/@grafana/prometheus/dist/esm/result_transformer.mjs';
import { drawing, type Item, interpolate } from './drawing.ts';

type Response = Item['responses'][number];
type Series = NonNullable<Response['data']>['result'][number];

function legendOf(format: string | undefined, labels: Readonly<Record<string, string>>): string | undefined {
  if (format === undefined || format === '__auto') return undefined;
  return format.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label) => labels[label] ?? '');
}

function frameOf({ target }: Response, { metric, value, values }: Series): DataFrame {
  const samples = values ?? (value === undefined ? [] : [value]);
  const legend = legendOf(target.legendFormat, metric);
  const time = {
    name: 'Time',
    type: FieldType.time,
    values: samples.map(([at]) => at * 1_000),
    config: { interval: drawing.step * 1_000 },
  };
  const number = {
    name: metric['__name__'] ?? 'Value',
    type: FieldType.number,
    values: samples.map(([, text]) => Number(text)),
    labels: { ...metric },
    config: legend === undefined ? {} : { displayNameFromDS: legend },
  };
  return toDataFrame({
    refId: target.refId,
    name: legend,
    meta: {
      type: 'timeseries-multi',
      custom: { resultType: values === undefined ? 'vector' : 'matrix' },
      preferredVisualisationType: 'graph',
    },
    fields: [time, number],
  });
}

export async function framesOf({ panel, responses }: Item): Promise<DataFrame[]> {
  const frames = responses.flatMap((response) =>
    (response.data?.result ?? []).map((series) => frameOf(response, series)),
  );
  const targets = responses.map(({ target }) => target);
  const { data } = transformV2({ data: frames }, { targets, panelId: panel.id, app: 'dashboard' }, {});
  const transformations = panel.transformations ?? [];
  if (transformations.length === 0) return data;
  return lastValueFrom(transformDataFrame(transformations, data, { interpolate }));
}
