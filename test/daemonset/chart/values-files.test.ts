/**
 * Values files as users write them: the chart renders valid objects, or says what to write instead.
 *
 * A refused file starts with one comment for each part of the message that Helm must print. An accepted file may start
 * with comments that say what its values must become: kind, path, and value in JSON. In a path, `~` stands for a dot, a
 * number for the item of a list, a name for the item of that name.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { it } from 'mocha';
import { parse } from 'yaml';
import { describeWith } from '../../support/tools.ts';
import { assertAgreement } from '../agreement.ts';
import { ROOT } from '../image.ts';
import { daemonSetOf, type Manifest } from '../manifests.ts';
import { assertValid } from '../validation.ts';
import { helm, template } from './helm.ts';

const FILES = (kind: 'accepted' | 'refused'): readonly string[] =>
  globSync(`test/fixtures/values/${kind}/*.yaml`, { cwd: ROOT })
    .map((file) => join(ROOT, file))
    .sort();
const ACCEPTED = FILES('accepted');
const REFUSED = FILES('refused');

/** Whether the values leave the roles and the probes that the options need, and mount no files that no option names. */
function isComplete(file: string): boolean {
  const { enabled, rbac, livenessProbe, options, extraVolumeMounts } = parse(readFileSync(file, 'utf8')) as {
    readonly enabled?: boolean;
    readonly rbac?: { readonly create?: boolean };
    readonly livenessProbe?: object | null;
    readonly options?: object;
    readonly extraVolumeMounts?: object;
  };
  const hasUnusedFiles = extraVolumeMounts !== undefined && options === undefined;
  const isReduced = livenessProbe === null || (options !== undefined && 'cluster.events' in options);
  return enabled !== false && rbac?.create !== false && !isReduced && !hasUnusedFiles;
}

/** A message says what to write or to remove, what the value may have been, or what is true anyway. */
const REMEDY = /write |remove it|did you mean|at the top|is always|yourself|creates/;

interface Effect {
  readonly kind: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

function effectsIn(file: string): readonly Effect[] {
  return [...readFileSync(file, 'utf8').matchAll(/^# ([A-Z]\w+)(?: (\S+))? = (.+)$/gm)].map(
    ([, kind = '', path = '', json = '']) => ({
      kind,
      path: path === '' ? [] : path.split('.').map((part) => part.replaceAll('~', '.')),
      value: json === 'undefined' ? undefined : JSON.parse(json),
    }),
  );
}

type Named = { readonly name: string; readonly value?: unknown };

function partOf(whole: unknown, part: string): unknown {
  if (!Array.isArray(whole)) return (whole as Readonly<Record<string, unknown>> | undefined)?.[part];
  if (/^-?\d+$/.test(part)) return whole.at(Number(part));
  const item = (whole as readonly Named[]).find(({ name }) => name === part);
  return item?.value ?? item;
}

/** Azure has the same objects in a group of its own. */
function inUpstreamGroup(manifest: Manifest): Manifest {
  return { ...manifest, apiVersion: manifest.apiVersion.replace('azmonitoring.', 'monitoring.') };
}

function named(name: string): readonly Manifest[] {
  return template(join(ROOT, `test/fixtures/values/accepted/${name}.yaml`));
}

describeWith(['helm (.ci/helm)'], 'a values file', () => {
  it('is tested with more than ninety', () => assert.ok(ACCEPTED.length + REFUSED.length > 90));

  it('renders valid objects if it is accepted', async () => {
    await assertValid(ACCEPTED.flatMap((file) => template(file)).map(inUpstreamGroup));
  });

  for (const file of ACCEPTED.filter(isComplete))
    it(`renders objects that match each other with ${basename(file, '.yaml')}`, () =>
      assertAgreement(template(file)));

  for (const [file, effects] of ACCEPTED.map((one) => [one, effectsIn(one)] as const))
    if (effects.length > 0)
      it(`has its effect in the objects: ${basename(file, '.yaml')}`, () => {
        const manifests = template(file);
        for (const { kind, path, value } of effects)
          assert.deepEqual(
            path.reduce<unknown>(
              partOf,
              manifests.find((one) => one.kind === kind),
            ),
            value,
            `${kind} ${path.join('.')}`,
          );
      });

  it('has a test of its effect if it is accepted, in more than twenty files', () =>
    assert.ok(ACCEPTED.filter((file) => effectsIn(file).length > 0).length > 20));

  it('has an answer to values that are in no list', () => {
    const { stderr } = helm('template', { quux: 1, image: { frobnicate: true }, fooAnnotations: {} });
    assert.match(stderr, /^quux: unknown value; the chart has nothing like it; remove it /m);
    assert.match(stderr, /^image\.frobnicate: unknown value; the chart has nothing like it; remove it /m);
    assert.match(stderr, /^fooAnnotations: unknown value; write podAnnotations, /m);
  });

  for (const file of REFUSED) {
    const expected = [...readFileSync(file, 'utf8').matchAll(/^# (.+)$/gm)].map(([, text = '']) => text);
    it(`says what to write instead of ${basename(file, '.yaml')}`, () => {
      const { status, stderr } = helm('template', file);
      assert.notEqual(status, 0);
      assert.ok(expected.length > 0);
      for (const text of expected) assert.match(stderr, new RegExp(text));
      for (const [, text = ''] of stderr.matchAll(/: unknown value; (.*)$/gm)) assert.match(text, REMEDY);
    });

    it(`fails helm lint with ${basename(file, '.yaml')}`, () => {
      assert.notEqual(helm('lint', file).status, 0);
    });
  }

  it('installs nothing if enabled is false', () => assert.deepEqual(named('switched-off'), []));

  it('takes the image from a mirror, and pull secrets from everywhere', () => {
    const { spec } = daemonSetOf(named('mirror')).spec.template;
    assert.equal(spec.containers[0].image, 'mirror.example:5000/sa-token-exporter/sa-token-exporter:0.1.0');
    assert.deepEqual((spec as { imagePullSecrets?: unknown }).imagePullSecrets, [
      { name: 'registry' },
      { name: 'mirror' },
      { name: 'other' },
    ]);
  });

  it('joins a registry and a repository', () => {
    const [{ image }] = daemonSetOf(named('own-registry')).spec.template.spec.containers;
    assert.equal(image, 'registry.example/platform/sa-token-exporter:0.1.0-fips');
  });

  it('puts common labels and annotations on every object', () => {
    for (const { kind, metadata } of named('common-labels')) {
      assert.equal(metadata.labels?.['team'], 'platform', kind);
      assert.equal(metadata.annotations?.['owner'], 'platform@example.com', kind);
    }
  });

  it('restarts the pods if the audience rules change', () => {
    const checksum = (audience: string) => {
      const { metadata } = daemonSetOf(template({ audience: { rules: [{ audiences: [audience] }] } })).spec
        .template;
      return metadata.annotations?.['checksum/audience-rules'];
    };
    assert.match(checksum('a') ?? '', /^[0-9a-f]{64}$/);
    assert.notEqual(checksum('a'), checksum('b'));
  });

  it('finds the pods from a monitor in another namespace', () => {
    const monitor = named('monitor-elsewhere').find(({ kind }) => kind === 'PodMonitor');
    assert.equal(monitor?.metadata.namespace, 'monitoring');
    const { namespaceSelector } = (monitor as unknown as { spec: { namespaceSelector: unknown } }).spec;
    assert.deepEqual(namespaceSelector, { matchNames: ['sa-token-exporter'] });
  });

  it('reads an unquoted off as the mode', () => {
    const { env } = daemonSetOf(named('options')).spec.template.spec.containers[0];
    assert.equal(env.find(({ name }) => name === 'SATOKEN_CLUSTER_TOKEN_REVIEW')?.value, 'off');
  });
});
