/**
 * `helm test`: the manifests of the test, and its program against servers in place of the exporter.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { makeCertificate } from '../../support/certificates.ts';
import { describeWith } from '../../support/tools.ts';
import { ROOT } from '../image.ts';
import { daemonSetOf, type Manifest } from '../manifests.ts';
import { assertValid } from '../validation.ts';
import { CHART, template, templateTest } from './helm.ts';

const PROGRAM = readFileSync(join(CHART, 'files/test.mjs'), 'utf8');
const HEALTHY = readFileSync(join(ROOT, 'test/golden/exposition.txt'), 'utf8').replace(
  /^(satoken_cluster_up\{.*\}) 0$/gm,
  '$1 1',
);

interface Pod extends Manifest {
  readonly spec: {
    readonly containers: readonly [
      {
        readonly command: readonly string[];
        readonly args: readonly string[];
        readonly env: readonly { readonly name: string; readonly value: string }[];
      },
    ];
  };
}

function podOf(manifests: readonly Manifest[]): Pod {
  return (manifests.find(({ kind }) => kind === 'Pod') ?? assert.fail('no Pod')) as Pod;
}

/** Runs the program as its container does. It tries once. */
async function run(variables: Readonly<Record<string, string>>) {
  const env = { ...process.env, METRICS_PATH: '/metrics', TIMEOUT_SECONDS: '0', ...variables };
  const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM], { env });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const [status] = (await once(child, 'close')) as unknown as readonly [number];
  return { status, output };
}

function answer(status: number, body: string): RequestListener {
  return (request, response) => {
    response.writeHead(request.url === '/metrics' ? status : 404).end(body);
  };
}

async function runAgainst(server: Server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    return await run({ SERVICE: '127.0.0.1', PORT: String(port) });
  } finally {
    server.close();
  }
}

const REPORTED = [
  {
    it: 'a pod that does not see itself',
    change: /^(satoken_self_view\{.*\}) 1$/m,
    expected: /kubelet\.rootDir/,
  },
  {
    it: 'a token that is not rotated',
    change: /^(satoken_canary_healthy\{.*\}) 1$/m,
    expected: /the kubelet/,
  },
  { it: 'a missing permission', change: /^(satoken_cluster_up\{.*\}) 1$/m, expected: /rbac/ },
] as const;

describe('the program of helm test', () => {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-helm-test-'));
  after(() => rmSync(folder, { recursive: true }));

  it('succeeds if the metrics are those of a healthy exporter', async () => {
    assert.deepEqual(await runAgainst(createServer(answer(200, HEALTHY))), {
      status: 0,
      output: 'no problem found, pods checked: 1\n',
    });
  });

  it('succeeds with TLS', async () => {
    const tls = makeCertificate(folder, 'exporter');
    const { status, output } = await runAgainst(createTlsServer(tls, answer(200, HEALTHY)));
    assert.equal(status, 0, output);
  });

  it('succeeds if the metrics require credentials, which it does not have', async () => {
    const { status } = await runAgainst(createServer(answer(401, '')));
    assert.equal(status, 0);
  });

  for (const { it: title, change, expected } of REPORTED)
    it(`reports ${title}`, async () => {
      const body = HEALTHY.replace(change, '$1 0');
      assert.notEqual(body, HEALTHY);
      const { status, output } = await runAgainst(createServer(answer(200, body)));
      assert.equal(status, 1);
      assert.match(output, expected);
    });

  it('reports a server that is not the exporter', async () => {
    const { status, output } = await runAgainst(createServer(answer(200, 'up 1\n')));
    assert.equal(status, 1);
    assert.match(output, /no metrics of sa-token-exporter/);
  });

  it('reports a pod that cannot be reached', async () => {
    const { status, output } = await run({ SERVICE: '127.0.0.1', PORT: '1' });
    assert.equal(status, 1);
    assert.match(output, /ECONNREFUSED.*networkPolicy\.from/);
  });

  it('reports that there is no pod', async () => {
    const { status, output } = await run({ SERVICE: 'exporter.invalid', PORT: '1' });
    assert.equal(status, 1);
    assert.match(output, /no pod is ready/);
  });
});

describeWith(['helm (.ci/helm)'], 'the manifests of helm test', () => {
  let manifests: readonly Manifest[];
  before(() => {
    manifests = templateTest();
  });

  it('are valid', async () => {
    await assertValid(manifests);
    await assertValid(templateTest({ openshift: { enabled: true }, imagePullSecrets: ['a'] }));
  });

  it('run this program, on the path of the metrics', () => {
    const [{ command, args, env }] = podOf(templateTest({ options: { 'web.telemetry-path': '/m' } })).spec
      .containers;
    assert.deepEqual([command.slice(1), args], [['--input-type=module', '--eval'], [PROGRAM]]);
    assert.equal(env.find(({ name }) => name === 'METRICS_PATH')?.value, '/m');
  });

  it('have a pod that the DaemonSet does not adopt', () => {
    const { 'app.kubernetes.io/name': own } = podOf(manifests).metadata.labels ?? {};
    const { 'app.kubernetes.io/name': exporter } =
      daemonSetOf(template()).spec.template.metadata.labels ?? {};
    assert.equal(own, `${exporter}-test`);
  });

  it('are not rendered if nothing is installed', () => {
    assert.deepEqual(templateTest({ enabled: false }), []);
  });
});
