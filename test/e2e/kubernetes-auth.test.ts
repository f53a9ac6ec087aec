/**
 * The exporter with --web.kubernetes-auth, scraped by a real Prometheus with the token of its pod.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'mocha';
import { type ApiServer, createApiServer } from '../../simulator/api-server.ts';
import { kubeconfigFor } from '../../simulator/kubeconfig.ts';
import { plainFolders } from '../../simulator/kubelet/mounts.ts';
import type { PodOptions } from '../../simulator/pods.ts';
import { createWorld, type World } from '../../simulator/world.ts';
import { request } from '../support/http.ts';
import { type Program, startProgram } from '../support/program.ts';
import { describeWith } from '../support/tools.ts';
import { flood, sendAll } from './attacks/attacker.ts';
import { type Scraper, startScraper } from './support/scraper.ts';

const USER = 'exporter';
/** All paths of the exporter, and paths that the default roles of a cluster allow. */
const PATHS = [
  '/metrics',
  '/',
  '/tokens',
  '/api/v1/tokens',
  '/healthz',
  '/readyz',
  '/-/ready',
  '/version',
  '/api/',
];

describeWith(['prometheus'], 'an exporter with --web.kubernetes-auth', () => {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-access-'));
  let world: World;
  let api: ApiServer;
  let program: Program;
  let scraper: Scraper;
  /** Files with the token of an account that may get the metrics, and of one without permissions of its own. */
  let goodToken: string;
  let otherToken: string;

  /** Starts a pod and returns the path of its default token. */
  const tokenOf = (options: PodOptions): string => {
    const { metadata, spec } = world.run(options);
    const volume = spec.volumes?.find(({ name }) => name.startsWith('kube-api-access-'))?.name ?? '';
    return join(world.kubelet.volumeFolder(metadata.uid, volume), 'token');
  };
  const reviews = (): number => api.requests().filter(({ resource }) => resource === 'tokenreviews').length;

  before(async () => {
    mkdirSync(join(folder, 'kubelet'));
    world = createWorld({
      rootDir: join(folder, 'kubelet'),
      mounts: plainFolders,
      now: () => Date.now() / 1_000,
    });
    api = createApiServer({ cluster: world.cluster, users: new Map([[USER, USER]]) });
    const subject = { kind: 'ServiceAccount', namespace: 'monitoring', name: 'prometheus' } as const;
    api.rbac.bind({ name: 'b', role: 'r', subject, verbs: ['get'], nonResourceURLs: ['/metrics'] });
    writeFileSync(join(folder, 'kubeconfig'), kubeconfigFor({ url: await api.listen(), token: USER }));
    program = await startProgram(
      'serve',
      '--web.kubernetes-auth',
      `--cluster.kubeconfig=${join(folder, 'kubeconfig')}`,
      '--cluster.token-review=off',
      `--kubelet.root-dir=${join(folder, 'kubelet')}`,
      '--log.level=debug',
    );
    const target = new URL(program.url).host;
    const job = (job_name: string, credentials_file: string) => ({
      job_name,
      target,
      authorization: { credentials_file },
    });
    goodToken = tokenOf({ name: 'prometheus-0', namespace: 'monitoring', serviceAccount: 'prometheus' });
    otherToken = tokenOf({ name: 'other-0', namespace: 'monitoring', serviceAccount: 'other' });
    const forged = join(folder, 'forged');
    writeFileSync(forged, 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln');
    scraper = await startScraper(job('good', goodToken), job('other', otherToken), job('forged', forged), {
      job_name: 'anonymous',
      target,
    });
    await scraper.until('count(count_over_time(up[1m]) > 1) == 4');
  });
  after(async () => {
    await Promise.all([scraper.stop(), program.stop()]);
    await api.close();
    world.kubelet.close();
    rmSync(folder, { recursive: true });
  });

  const up = async (): Promise<readonly (string | undefined)[]> =>
    (await scraper.query('up == 1')).map(({ metric }) => metric['job']);

  it('serves only service accounts that RBAC allows to get the metrics', async () => {
    assert.deepEqual(await up(), ['good']);
    const rejected = await scraper.query('satoken_web_refusals_total > 0');
    assert.deepEqual(rejected.map(({ metric }) => metric['code']).sort(), ['401', '403']);
  });

  it('serves no path to an account with the roles of every cluster alone', async () => {
    const headers = { authorization: `Bearer ${readFileSync(otherToken, 'utf8')}` };
    for (const path of PATHS) {
      const { status } = await fetch(`${program.url}${path}`, { headers });
      assert.deepEqual([path, status], [path, 403]);
    }
  });

  it('serves every path to an account that may get the metrics', async () => {
    const headers = { authorization: `Bearer ${readFileSync(goodToken, 'utf8')}` };
    for (const path of ['/metrics', '/', '/tokens', '/healthz', '/readyz']) {
      const { status } = await fetch(`${program.url}${path}`, { headers });
      assert.deepEqual([path, status], [path, 200]);
    }
  });

  it('reviews a token once for many scrapes', async () => {
    await scraper.until('count_over_time(up{job="good"}[1m]) > 4');
    assert.ok(reviews() <= 3, `${reviews()} reviews`);
  });

  it('limits the rate of reviews during a flood of tokens and misses no scrape', async () => {
    const before = reviews();
    const startedAt = performance.now();
    const [scrapes] = await scraper.query('count_over_time(up{job="good"}[10m])');
    const target = { port: Number(new URL(program.url).port), isSecure: false };
    const tokens = flood(100, 30, (index) =>
      request('GET /metrics HTTP/1.1', `Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.${index}.c2ln`),
    );
    const counts = await sendAll(target, tokens, 100);
    assert.deepEqual(
      Object.keys(counts).filter((status) => !['401', '429', '500'].includes(status)),
      [],
    );
    // A burst of 20 and one per second.
    const allowed = 20 + Math.ceil((performance.now() - startedAt) / 1_000);
    assert.ok(reviews() - before <= allowed, `${reviews() - before} reviews, ${allowed} allowed`);
    await scraper.until(`count_over_time(up{job="good"}[10m]) > ${scrapes?.value[1]}`);
    assert.deepEqual(await scraper.query('min_over_time(up{job="good"}[10m]) == 0'), []);
  });

  it('serves clients with cached reviews while the API server is down', async () => {
    await api.chaos.down();
    const [scrapes] = await scraper.query('count_over_time(up{job="good"}[10m])');
    await scraper.until(`count_over_time(up{job="good"}[10m]) > ${Number(scrapes?.value[1]) + 2}`);
    assert.deepEqual(await up(), ['good']);
    await api.chaos.up();
  });

  it('logs no part of a token', () => {
    assert.doesNotMatch(program.printed(), /eyJ|c2ln/);
  });
});
