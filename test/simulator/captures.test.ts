/**
 * The emulated kubelet writes the same files as a real one for the same pods.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { type Cluster, createCluster } from '../../simulator/cluster.ts';
import { chooseMounts } from '../../simulator/kubelet/mounts.ts';
import { createKubelet, type Kubelet } from '../../simulator/kubelet.ts';
import type { Pod, ServiceAccount } from '../../simulator/objects.ts';

const CAPTURE = new URL('../fixtures/captures/kubelet-v1.36.3/', import.meta.url).pathname;
const isRoot = process.getuid?.() === 0;

interface ApiObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly uid: string };
}

const { items } = JSON.parse(readFileSync(`${CAPTURE}api.json`, 'utf8')) as { items: ApiObject[] };
/** Pods with tokens, without the pods of the capture itself (r1 to r7) and g2-doomed, whose account was deleted. */
const NAMES = ['a-default', 'b-vault600', 'c-noautomount', 'd-fsgroup', 'd2-runasuser', 'd3-mixeduid'];
NAMES.push('e-multi', 'f-legacy', 'j-subpath', 'm-atime');
const pods = items.filter(
  ({ kind, metadata }) => kind === 'Pod' && NAMES.includes(metadata.name),
) as unknown as Pod[];
const nodeUid = items.find(({ kind }) => kind === 'Node')?.metadata.uid ?? '';

const IS_TOKEN = /(\.\.\d[\d_.]+\/(.*\/)?(token|vault-token|first)|volume-subpaths\/vault\/c\/0)$/;

/** The name of a generation folder is different each time. */
function withoutGeneration(path: string): string {
  return path.replace(/\.\.\d{4}(_\d\d){5}\.\d+/, '..generation');
}

/** One line per file, link and folder: path, type, mode, owner, target or size. */
function describeTree(root: string, path = ''): readonly string[] {
  const full = join(root, path);
  const stats = lstatSync(full);
  const owners = isRoot ? ` ${stats.uid}:${stats.gid}` : '';
  const shown = withoutGeneration(path);
  if (stats.isSymbolicLink()) return [`${shown} -> ${withoutGeneration(readlinkSync(full))}${owners}`];
  const mode = (stats.mode & 0o7777).toString(8);
  if (stats.isFile()) return [`${shown} ${mode} ${stats.size}${owners}`];
  return [
    `${shown}/ ${mode}${owners}`,
    ...readdirSync(full)
      .sort()
      .flatMap((name) => describeTree(root, join(path, name))),
  ];
}

type Claims = Readonly<Record<string, unknown>> & { readonly iat?: number };

function claimsOf(token: string): Claims {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims;
}

/** Claims as JSON in their order, with times relative to `iat` and a placeholder for the token ID. */
function shapeOf(token: string): string {
  const { iat = 0 } = claimsOf(token);
  return JSON.stringify(claimsOf(token), (key, value: unknown) => {
    if (key === 'jti') return 'an id';
    return typeof value === 'number' ? value - iat : value;
  });
}

function prepare(cluster: Cluster): void {
  for (const one of items)
    if (one.kind === 'ServiceAccount') cluster.addServiceAccount(one as unknown as ServiceAccount);
  // A certificate of the captured size, and the empty one of OpenShift.
  cluster.setConfigMap('bench', 'kube-root-ca.crt', { 'ca.crt': 'x'.repeat(1111) });
  cluster.setConfigMap('bench', 'openshift-service-ca.crt', { 'service-ca.crt': '' });
  const { data, ...secret } = cluster.createLegacySecret('bench', 'legacy-token', 'app');
  cluster.addSecret({
    ...secret,
    data: { 'ca.crt': 'x'.repeat(1111), namespace: 'bench', token: data['token'] ?? '' },
  });
}

describe(`the emulated kubelet with captured pods (${isRoot ? 'tmpfs mounts' : 'plain folders'})`, () => {
  const root = mkdtempSync(join(tmpdir(), 'satoken-kubelet-'));
  const [real, emulated] = [join(root, 'real'), join(root, 'emulated')];
  const cluster = createCluster({ now: () => 1_795_479_163, algorithm: 'RS256' });
  let kubelet: Kubelet;

  before(() => {
    execFileSync('mkdir', ['-p', real, emulated]);
    execFileSync('tar', ['xpzf', `${CAPTURE}before-rotation.tar.gz`, '--same-owner', '-C', real]);
    prepare(cluster);
    const node = { name: 'bench-node-1', uid: nodeUid };
    kubelet = createKubelet({ rootDir: emulated, cluster, node, mounts: chooseMounts(root) });
    for (const pod of pods) kubelet.run(pod);
  });
  after(() => {
    kubelet.close();
    rmSync(root, { recursive: true });
  });

  for (const { metadata } of pods) {
    it(`writes the captured folders, links, modes, owners and sizes of ${metadata.name}`, () => {
      const path = `pods/${metadata.uid}`;
      assert.deepEqual(describeTree(join(emulated, path)), describeTree(join(real, path)));
    });
  }

  it('writes the captured claims into every token', () => {
    const contents = (folder: string) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((path) => IS_TOKEN.test(path) && pods.some(({ metadata }) => path.includes(metadata.uid)))
        .map((path) => [withoutGeneration(path), shapeOf(readFileSync(join(folder, path), 'utf8'))])
        .sort();
    const written = contents(emulated);
    assert.equal(written.length, 13);
    assert.deepEqual(written, contents(real));
  });
});
