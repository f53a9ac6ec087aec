/**
 * The simulated API server over TLS and with kubectl.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import { parse } from 'yaml';
import { type ApiServer, createApiServer } from '../../../simulator/api-server.ts';
import { type Cluster, createCluster } from '../../../simulator/cluster.ts';
import { kubeconfigFor } from '../../../simulator/kubeconfig.ts';
import { createPod } from '../../../simulator/pods.ts';
import { type Certificate, makeCertificate } from '../../support/certificates.ts';
import { describeWith } from '../../support/tools.ts';
import { NOW, TOKEN, USER, until } from './client.ts';

const run = promisify(execFile);

interface Served {
  readonly folder: string;
  readonly cluster: Cluster;
  readonly api: ApiServer;
  readonly tls: Certificate;
  readonly url: string;
}

async function serve(): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-api-'));
  const tls = makeCertificate(folder, 'simulated');
  const cluster = createCluster({ now: () => NOW });
  const api = createApiServer({ cluster, users: new Map([[TOKEN, USER]]), tls });
  return { folder, cluster, api, tls, url: await api.listen() };
}

async function close({ api, folder }: Served): Promise<void> {
  await api.close();
  rmSync(folder, { recursive: true });
}

function getJson(url: string, ca?: string): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const headers = { Authorization: `Bearer ${TOKEN}` };
  get(url, { agent: false, headers, ...(ca === undefined ? {} : { ca }) }, (response) =>
    resolve(json(response)),
  ).on('error', reject);
  return promise;
}

describe('kubeconfigFor', () => {
  it('writes the server, the CA bundle and the token', () => {
    const text = kubeconfigFor({ url: 'https://127.0.0.1:6443', token: 'a-token', ca: 'a certificate' });
    const config = parse(text) as Readonly<Record<string, unknown>>;
    assert.deepEqual(config['clusters'], [
      {
        name: 'simulated',
        cluster: {
          server: 'https://127.0.0.1:6443',
          'certificate-authority-data': Buffer.from('a certificate').toString('base64'),
        },
      },
    ]);
    assert.deepEqual(config['users'], [{ name: 'simulated', user: { token: 'a-token' } }]);
    assert.equal(config['current-context'], 'simulated');
  });

  it('sets insecure-skip-tls-verify for plain HTTP', () => {
    const config = parse(kubeconfigFor({ url: 'http://127.0.0.1:1', token: 'a-token' })) as {
      clusters: readonly { cluster: object }[];
    };
    assert.deepEqual(config.clusters[0]?.cluster, {
      server: 'http://127.0.0.1:1',
      'insecure-skip-tls-verify': true,
    });
  });

  it('writes no TLS settings for HTTPS without a CA bundle', () => {
    assert.doesNotMatch(
      kubeconfigFor({ url: 'https://127.0.0.1:1', token: 'a-token' }),
      /insecure|certificate/,
    );
  });
});

describeWith(['openssl'], 'the simulated API server over TLS', () => {
  let served: Served;
  before(async () => {
    served = await serve();
  });
  after(() => close(served));

  it('serves clients that trust its certificate', async () => {
    const { url, tls } = served;
    assert.match(url, /^https:/);
    const { jwks_uri } = (await getJson(`${url}/.well-known/openid-configuration`, tls.cert)) as {
      jwks_uri: string;
    };
    assert.equal(jwks_uri, `${url}/openid/v1/jwks`);
  });

  it('is rejected by clients that do not trust its certificate', async () => {
    await assert.rejects(getJson(served.url), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });
});

describeWith(['openssl', 'kubectl'], 'kubectl with the simulated API server', () => {
  let served: Served;
  const kubectl = async (...args: string[]): Promise<string> => {
    const { folder } = served;
    const env = { ...process.env, HOME: folder, KUBECONFIG: join(folder, 'config') };
    return (await run('kubectl', args, { env })).stdout;
  };

  before(async () => {
    served = await serve();
    const { folder, cluster, url, tls } = served;
    writeFileSync(join(folder, 'config'), kubeconfigFor({ url, token: TOKEN, ca: tls.cert }), {
      mode: 0o600,
    });
    const pod = cluster.setPod(createPod(cluster, { name: 'web', namespace: 'shop', serviceAccount: 'app' }));
    cluster.setPod(createPod(cluster, { name: 'far', namespace: 'shop', nodeName: 'node-2' }));
    cluster.recordFailure({ pod, message: 'MountVolume.SetUp failed for volume "vault" : no' }, 'node-1');
  });
  after(() => close(served));

  it('lists the pods of a node', async () => {
    const args = ['get', 'pods', '-A', '--field-selector=spec.nodeName=node-1', '-o', 'name'];
    assert.equal(await kubectl(...args), 'pod/web\n');
  });

  it('gets a service account', async () => {
    const printed = JSON.parse(await kubectl('get', 'sa', 'app', '-n', 'shop', '-o', 'json')) as object;
    assert.deepEqual(printed, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: served.cluster.serviceAccount('shop', 'app')?.metadata,
    });
  });

  it('describes a pod with its volumes and FailedMount events', async () => {
    const printed = await kubectl('describe', 'pod', 'web', '-n', 'shop');
    assert.match(printed, /TokenExpirationSeconds: +3607/);
    assert.match(printed, /Warning +FailedMount .*MountVolume\.SetUp failed for volume "vault" : no/);
  });

  it('watches service accounts', async () => {
    const printed = kubectl('get', '--raw', '/api/v1/serviceaccounts?watch=1');
    await until(() => served.api.openWatches() === 1);
    served.api.chaos.endWatches();
    const [first = ''] = (await printed).split('\n');
    assert.equal((JSON.parse(first) as { type: string }).type, 'ADDED');
  });

  it('prints the error of a forbidden request', async () => {
    served.api.permissions.deny('pods');
    await assert.rejects(kubectl('get', 'pods', '-A'), {
      stderr:
        /Error from server \(Forbidden\): pods is forbidden: User "system:serviceaccount:monitoring:exporter"/,
    });
  });
});
