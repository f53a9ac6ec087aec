/**
 * The objects in the documents, and the custom resources of the manifests, match the definitions of their projects.
 */
import assert from 'node:assert/strict';
import { it } from 'mocha';
import { parseAllDocuments } from 'yaml';
import { DOCUMENTS } from '../docs/documents.ts';
import { describeWith } from '../support/tools.ts';
import { template } from './chart/helm.ts';
import { customResourceErrors } from './custom-resources.ts';
import { type Manifest, render } from './manifests.ts';
import { assertValid, isTyped, UNTYPED } from './validation.ts';

interface Example {
  readonly document: string;
  readonly object: Manifest;
}

/** The Kubernetes objects in the examples, without input for kustomize. */
const EXAMPLES: readonly Example[] = DOCUMENTS.flatMap(({ name, text }) =>
  [...text.matchAll(/^```yaml\n(.*?)^```/gms)]
    .flatMap(([, block = '']) => parseAllDocuments(block))
    .map((document) => ({ document: name, object: document.toJS() as Manifest }))
    .filter(({ object }) => 'kind' in object && 'metadata' in object),
);
const CUSTOM = EXAMPLES.filter(({ object }) => !isTyped(object));

describeWith(
  ['custom resources (.ci/crds)', 'helm (.ci/helm)', 'kubectl'],
  'objects in the documents',
  () => {
    it('are found, also of each project whose users have a recipe', () => {
      const kinds = CUSTOM.map(({ object }) => object.kind).sort();
      for (const kind of [
        'Application',
        'Certificate',
        'ClusterPodMonitoring',
        'GitRepository',
        'HelmRelease',
      ])
        assert.ok(kinds.includes(kind), kind);
    });

    for (const { document, object } of CUSTOM)
      it(`match the definition of their kind: ${object.kind} in ${document}`, () =>
        assert.deepEqual(customResourceErrors(object), []));

    it('match the schemas of Kubernetes and the Prometheus Operator', async () => {
      const typed = EXAMPLES.map(({ object }) => object).filter(isTyped);
      assert.ok(typed.length > 1);
      await assertValid(typed);
    });

    it('are checked for unknown fields, missing ones and wrong values at any depth', () => {
      const { object } = CUSTOM.find((one) => one.object.kind === 'Application') ?? assert.fail();
      const changed = (change: (spec: Record<string, unknown>) => void) => {
        const copy = structuredClone(object) as Manifest & { spec: Record<string, unknown> };
        change(copy.spec);
        return customResourceErrors(copy).join('\n');
      };
      assert.match(
        changed(({ source }) => Object.assign((source as { helm: object }).helm, { release: 'x' })),
        /\/spec\/source\/helm must NOT have additional properties .*"release"/,
      );
      assert.match(
        changed((spec) => delete spec['project']),
        /\/spec must have required property 'project'/,
      );
      assert.match(
        changed(({ syncPolicy }) => Object.assign(syncPolicy as object, { syncOptions: 'x' })),
        /\/spec\/syncPolicy\/syncOptions must be array/,
      );
      assert.match(customResourceErrors({ ...object, apiVersion: 'argoproj.io/v2' }).join(), /no definition/);
    });

    it('of OpenShift match the definition of their kind in the overlay and in the chart', () => {
      const rendered = [
        render('daemonset/overlays/openshift'),
        template({ openshift: { enabled: true } }),
        template({ openshift: { enabled: true }, web: { configSecrets: ['a'] }, reads: { watch: true } }),
      ].map((manifests) => manifests.filter(({ kind }) => UNTYPED.includes(kind)));
      for (const found of rendered) {
        assert.equal(found.length, 1);
        assert.deepEqual(found.flatMap(customResourceErrors), []);
      }
    });
  },
);
