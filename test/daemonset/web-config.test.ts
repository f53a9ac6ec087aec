/**
 * The image with the manifest of the web-config overlay: it reads the mounted Secret, authenticates clients, and serves
 * probes without credentials.
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

/** Without the API server, and with probes on a free port. */
function podOf(folder: string): PodSpec {
  const { spec } = daemonSetOf(render(folder)).spec.template;
  const [container] = spec.containers;
  const args = [...container.args, '--cluster.mode=off', '--web.probe-address=127.0.0.1:0'];
  return { ...spec, containers: [{ ...container, args }] };
}

describeWith(['root', 'mount namespaces', 'kubectl'], 'the overlay with a web configuration', () => {
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
    { it: 'rejects requests without credentials', headers: {}, status: 401 },
    {
      it: 'rejects a wrong password',
      headers: { authorization: basic('prometheus', 'wrong') },
      status: 401,
    },
    {
      it: 'serves a user of the Secret',
      headers: { authorization: basic('prometheus') },
      status: 200,
    },
  ]) {
    it(title, async () => {
      assert.equal((await fetch(`${container.url}/metrics`, { headers })).status, status);
    });
  }

  it('serves the probes of the manifest without credentials on the probe port', async () => {
    const [, port] = /msg="listening for probes" .*port=(\d+)/.exec(container.log) ?? [];
    const [{ startupProbe, livenessProbe, readinessProbe }] = pod.containers;
    for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe])
      assert.equal((await fetch(`http://127.0.0.1:${port}${httpGet.path}`)).status, 200);
  });
});
