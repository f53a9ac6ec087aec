/**
 * Every value of the chart has a row in files/schema.json, so that a value of the wrong kind is rejected.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { CHART } from './helm.ts';

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: object;
}

const ROOT_SCHEMA = JSON.parse(readFileSync(join(CHART, 'files/schema.json'), 'utf8')) as Schema & {
  readonly $defs: Readonly<Record<string, Schema>>;
};

/** The paths of the values without a row. */
function withoutRow(values: object, schema: Schema, path = ''): readonly string[] {
  const { properties = {}, additionalProperties } =
    ROOT_SCHEMA.$defs[schema.$ref?.split('/').at(-1) ?? ''] ?? schema;
  return Object.entries(values).flatMap(([key, value]: [string, unknown]) => {
    const below = properties[key];
    if (below === undefined) return additionalProperties === undefined ? [`${path}${key}`] : [];
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isMap ? withoutRow(value, below, `${path}${key}.`) : [];
  });
}

describe('the values of the chart', () => {
  it('have a row in the schema', () => {
    const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as object;
    const open = /^(?:affinity|resources|nodeSelector)\./;
    assert.deepEqual(
      withoutRow(values, ROOT_SCHEMA).filter((path) => !open.test(path)),
      [],
    );
  });

  it('are missed without one', () =>
    assert.deepEqual(withoutRow({ image: { tags: '' } }, ROOT_SCHEMA), ['image.tags']));
});
