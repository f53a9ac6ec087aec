/**
 * The overlay with a web configuration, tried: the image's files under its manifest read the Secret where it is mounted,
 * answer whom it names, and probes without being asked who they are.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'mocha';
import { basic, HASH } from '../support/credentials.ts';
import { describeWith } from '../support/tools.ts';
import { type Running, startContainer } from './container.ts';
import { imageOfHead } from './image.ts';
import { daemonSetOf, type PodSpec, render } from './manifests.ts';

/** Asks no API server, and has its probes wherever there is room. */
function podOf(folder: string): PodSpec {
  const { spec } = daemonSetOf(render(folder)).spec.template;
  const [container] = spec.containers;
  const args = [...container.args, '--cluster.mode=off', '--web.probe-address=127.0.0.1:0'];
  return { ...spec, containers: [{ ...container, args }] };
}

describeWith(['root', 'mount namespaces', 'kubectl'], 'the web configuration of the overlay', () => {
  const node = mkdtempSync(join(tmpdir(), 'satoken-node-'));
  const pod = podOf('daemonset/overlays/web-config');
  let container: Running;

  before(async () => {
    const volumes = Object.fromEntries(pod.volumes.map(({ name }) => [name, join(node, name)]));
    for (const folder of Object.values(volumes)) mkdirSync(folder);
    writeFileSync(join(node, 'web/web.yml'), `basic_auth_users:\n  prometheus: ${HASH}\n`);
    const fields = { 'spec.nodeName': 'node-1', 'metadata.uid': 'own' };
    container = await startContainer({ image: imageOfHead(), pod, fields, volumes });
  });
  after(async () => {
    await container.stop();
    rmSync(node, { recursive: true });
  });

  for (const { it: title, headers, status } of [
    { it: 'refuses whoever says nothing', headers: {}, status: 401 },
    {
      it: 'refuses a wrong password',
      headers: { authorization: basic('prometheus', 'wrong') },
      status: 401,
    },
    {
      it: 'answers whom the Secret names',
      headers: { authorization: basic('prometheus') },
      status: 200,
    },
  ]) {
    it(title, async () => {
      assert.equal((await fetch(`${container.url}/metrics`, { headers })).status, status);
    });
  }

  it('answers the paths that the manifest probes, on their own port, to everybody', async () => {
    const [, port] = /msg="listening for probes" .*port=(\d+)/.exec(container.log) ?? [];
    const [{ livenessProbe, readinessProbe }] = pod.containers;
    for (const { httpGet } of [livenessProbe, readinessProbe])
      assert.equal((await fetch(`http://127.0.0.1:${port}${httpGet.path}`)).status, 200);
  });
});
