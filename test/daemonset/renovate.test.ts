/**
 * The configuration of Renovate covers every version that is pinned outside of a package manager.
 */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { INSTRUCTIONS, ROOT } from './image.ts';

interface Manager {
  readonly description: string;
  readonly managerFilePatterns: readonly string[];
  readonly matchStrings: readonly string[];
  readonly datasourceTemplate: string;
}

const { customManagers, extends: presets } = JSON.parse(
  readFileSync(join(ROOT, 'renovate.json'), 'utf8'),
) as {
  readonly customManagers: readonly Manager[];
  readonly extends: readonly string[];
};
const FILES = globSync('.ci/*', { cwd: ROOT });

/** What the manager finds, as `package version`. */
function found({ managerFilePatterns, matchStrings }: Manager): readonly string[] {
  const patterns = managerFilePatterns.map((pattern) => new RegExp(pattern.slice(1, -1)));
  const contents = FILES.filter((file) => patterns.some((pattern) => pattern.test(file))).map((file) =>
    readFileSync(join(ROOT, file), 'utf8'),
  );
  return contents
    .flatMap((text) => matchStrings.flatMap((match) => [...text.matchAll(new RegExp(match, 'g'))]))
    .map(({ groups }) => `${groups?.['depName']} ${groups?.['currentValue']}`);
}

describe('renovate.json', () => {
  it('pins base images and actions', () => {
    for (const preset of ['docker:pinDigests', 'helpers:pinGitHubActionDigests'])
      assert.ok(presets.includes(preset), preset);
  });

  it('finds each tool that CI builds or installs in a version', () => {
    const all = FILES.filter((file) => existsSync(join(ROOT, file)))
      .flatMap((file) => [...readFileSync(join(ROOT, file), 'utf8').matchAll(/\S+(?:@v|==)[\d.]+/g)])
      .map(([pinned]) => pinned);
    assert.equal(customManagers.flatMap(found).length, all.length);
  });

  it('names packages without the path of a command', () => {
    assert.deepEqual(
      customManagers
        .flatMap(found)
        .map((one) => one.replace(/ .*/, ''))
        .sort(),
      [
        'github.com/GoogleCloudPlatform/prometheus-engine',
        'github.com/VictoriaMetrics/VictoriaMetrics',
        'github.com/argoproj/argo-cd/v3',
        'github.com/cert-manager/cert-manager',
        'github.com/fluxcd/helm-controller',
        'github.com/fluxcd/source-controller',
        'github.com/openshift/api',
        'github.com/rhysd/actionlint',
        'github.com/thanos-io/thanos',
        'helm.sh/helm/v3',
        'prometheus_client',
      ],
    );
  });

  it('knows the base images, which the Dockerfile names in full', () => {
    const bases = INSTRUCTIONS.filter(({ rest }) => /^(?:BUILDER|RUNTIME)=/.test(rest));
    assert.equal(bases.length, 2);
    for (const { rest } of bases) assert.match(rest, /=[a-z.]+\/\S+:[\w.-]+(?:@sha256:[0-9a-f]{64})?$/);
  });
});
