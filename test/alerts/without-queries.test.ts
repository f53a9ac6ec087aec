/**
 * The rules for rulers whose templates have no function `query`.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { rulesFile, rulesWithoutQueries } from '../../alerts/documents.ts';
import { withoutQueries } from '../../alerts/without-queries.ts';

interface Rule {
  readonly annotations?: Readonly<Record<string, string>>;
}

function rulesIn(text: string): readonly Rule[] {
  const { groups } = parse(text) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

describe('a template without queries', () => {
  for (const [title, template, expected] of [
    ['keeps text', 'a b', 'a b'],
    [
      'keeps labels',
      '{{ $labels.node }}: {{ or $labels.pod "x" }}',
      '{{ $labels.node }}: {{ or $labels.pod "x" }}',
    ],
    ['keeps blocks', '{{ if $labels.a }}1{{ else }}2{{ end }}', '{{ if $labels.a }}1{{ else }}2{{ end }}'],
    ['loses a query', 'a{{ with query "up" | first }} b{{ .Value }}{{ end }} c', 'a c'],
    ['loses a query with parameters', 'a{{ range query (printf "x" $labels.a) }} b{{ end }}.', 'a.'],
    [
      'keeps what is there without results',
      '{{ with query (x) }}{{ .Value }}{{ else }}none{{ end }}',
      'none',
    ],
    [
      'loses blocks in a query',
      '{{ with query (x) }}{{ range . }}{{ if .Value }}y{{ end }}{{ end }}{{ else }}n{{ if $labels.a }}o{{ end }}{{ end }}.',
      'n{{ if $labels.a }}o{{ end }}.',
    ],
    [
      'loses a query in a block',
      '{{ if $labels.a }}b{{ range query (x) }}c{{ end }}{{ else if $labels.d }}e{{ end }}',
      '{{ if $labels.a }}b{{ else if $labels.d }}e{{ end }}',
    ],
  ] as const)
    it(title, () => assert.equal(withoutQueries(template), expected));
});

describe('the rules without queries', () => {
  const rules = rulesIn(rulesFile());
  const without = rulesIn(rulesWithoutQueries());
  const descriptions = without.map(({ annotations }) => annotations?.['description'] ?? '');

  it('have no function `query` in any template', () => {
    assert.ok(rules.some(({ annotations }) => /\bquery\b/.test(annotations?.['description'] ?? '')));
    for (const { annotations = {} } of without)
      for (const text of Object.values(annotations)) assert.doesNotMatch(text, /\{\{[^}]*\bquery\b/);
  });

  it('are the others except for the descriptions', () => {
    const comparable = ({ annotations, ...rest }: Rule) => ({
      ...rest,
      annotations: { ...annotations, description: undefined },
    });
    assert.deepEqual(without.map(comparable), rules.map(comparable));
  });

  it('say what to check first, and the command that shows more', () => {
    const alerts = descriptions.filter((text) => text !== '');
    assert.ok(alerts.every((text) => text.includes(' Check first: ')));
    assert.ok(
      alerts.some((text) => text.includes('kubectl exec -n sa-token-exporter EXPORTER -- sa-token-exporter')),
    );
  });
});
