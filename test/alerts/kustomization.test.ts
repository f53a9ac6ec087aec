/**
 * The PrometheusRule as kubectl applies it, alone and with the kustomization in docs/alerts.md.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'mocha';
import { parse } from 'yaml';
import { ROOT } from '../docs/documents.ts';
import { describeWith } from '../support/tools.ts';

interface Rule {
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: unknown;
}

function render(folder: string): Rule {
  return parse(execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8' })) as Rule;
}

/** Renders a kustomization in a folder next to a copy of `alerts/`. */
function renderNextToAlerts(text: string): Rule {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-alerts-'));
  try {
    for (const name of ['kustomization.yaml', 'prometheusrule.yaml'])
      cpSync(join(ROOT, 'alerts', name), join(folder, 'alerts', name));
    mkdirSync(join(folder, 'mine'));
    writeFileSync(join(folder, 'mine/kustomization.yaml'), text);
    return render(join(folder, 'mine'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describeWith(['kubectl'], 'kubectl kustomize alerts', () => {
  const written = parse(readFileSync(join(ROOT, 'alerts/prometheusrule.yaml'), 'utf8')) as Rule;
  const document = readFileSync(join(ROOT, 'docs/alerts.md'), 'utf8');
  const shown = [...document.matchAll(/^```yaml\n(.*?)^```$/gms)]
    .map(([, text = '']) => text)
    .filter((text) => text.includes('kind: Kustomization\n'));

  it('renders the PrometheusRule as it is', () => assert.deepEqual(render(join(ROOT, 'alerts')), written));

  it('is a resource of the kustomization in docs/alerts.md, which adds the namespace and the label', () => {
    assert.equal(shown.length, 1);
    for (const text of shown) {
      const { kind, metadata, spec } = renderNextToAlerts(text);
      assert.equal(kind, 'PrometheusRule');
      assert.equal(metadata.namespace, 'monitoring');
      assert.deepEqual(metadata.labels, { ...written.metadata.labels, release: 'RELEASE' });
      assert.deepEqual(spec, written.spec);
    }
  });
});
