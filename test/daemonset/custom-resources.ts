/**
 * Validates custom resources against the definitions that .ci/crds gets from their projects.
 *
 * Fields that a definition does not know are errors, although an API server only drops them. Its validation rules in CEL
 * are not evaluated.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { parseAllDocuments } from 'yaml';
import { CUSTOM_RESOURCES } from '../support/tools.ts';
import type { Manifest } from './manifests.ts';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

interface Definition {
  readonly kind: string;
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

/** The same schema, which also rejects fields that it does not name. */
function closed(schema: Schema): Schema {
  const { properties, items, additionalProperties } = schema;
  const isOpen = properties === undefined || schema['x-kubernetes-preserve-unknown-fields'] === true;
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [name, closed(property)]),
      ),
    }),
    ...(items && { items: closed(items) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: closed(additionalProperties) }),
    ...(!isOpen && additionalProperties === undefined && { additionalProperties: false }),
  };
}

function definitions(): readonly Definition[] {
  return globSync(join(CUSTOM_RESOURCES, '*.yaml'))
    .flatMap((file) => parseAllDocuments(readFileSync(file, 'utf8')))
    .map((document) => document.toJS() as Definition)
    .filter(({ kind }) => kind === 'CustomResourceDefinition');
}

/** The schemas of served versions, by API version and kind. */
function schemas(): ReadonlyMap<string, ValidateFunction> {
  const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false });
  return new Map(
    definitions().flatMap(({ spec }) =>
      spec.versions
        .filter(({ served }) => served)
        .map(({ name, schema }) => [
          `${spec.group}/${name} ${spec.names.kind}`,
          ajv.compile(closed(schema.openAPIV3Schema)),
        ]),
    ),
  );
}

let known: ReturnType<typeof schemas> | undefined;

/** Returns what is wrong with an object, or that its kind has no definition here. */
export function customResourceErrors(manifest: Manifest): readonly string[] {
  known ??= schemas();
  const id = `${manifest.apiVersion} ${manifest.kind}`;
  const validate = known.get(id);
  if (validate === undefined) return [`${id}: no definition`];
  validate(manifest);
  return (validate.errors ?? []).map(({ instancePath, message, params }) =>
    [id, instancePath, message, JSON.stringify(params)].join(' '),
  );
}
