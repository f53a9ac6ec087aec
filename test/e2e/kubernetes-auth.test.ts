/**
 * The program behind the API server's word, to a real Prometheus that comes with its pod's token.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
import { type Scraper, startScraper } from '../support/scraper.ts';
import { describeWith } from '../support/tools.ts';
import { flood, sendAll } from './attacks/attacker.ts';

const USER = 'exporter';

describeWith(['prometheus'], 'an exporter that asks the API server who asks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-access-'));
  let world: World;
  let api: ApiServer;
  let program: Program;
  let scraper: Scraper;

  /** Where the default token of a pod lies. */
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
    const expired = join(folder, 'forged');
    writeFileSync(expired, 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln');
    scraper = await startScraper(
      job('good', tokenOf({ name: 'prometheus-0', namespace: 'monitoring', serviceAccount: 'prometheus' })),
      job('other', tokenOf({ name: 'other-0', namespace: 'monitoring', serviceAccount: 'other' })),
      job('forged', expired),
      { job_name: 'nobody', target },
    );
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

  it('answers whom RBAC lets get the metrics, and nobody else', async () => {
    assert.deepEqual(await up(), ['good']);
    const refused = await scraper.query('satoken_web_refusals_total > 0');
    assert.deepEqual(refused.map(({ metric }) => metric['code']).sort(), ['401', '403']);
  });

  it('asks once for many scrapes', async () => {
    await scraper.until('count_over_time(up{job="good"}[1m]) > 4');
    assert.ok(reviews() <= 3, `${reviews()} reviews`);
  });

  it('turns a flood of tokens into a few questions, and misses no scrape over it', async () => {
    const asked = reviews();
    const [scrapes] = await scraper.query('count_over_time(up{job="good"}[10m])');
    const target = { port: Number(new URL(program.url).port), isSecure: false };
    const tokens = flood(100, 30, (index) =>
      request('GET /metrics HTTP/1.1', `Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.${index}.c2ln`),
    );
    const answers = await sendAll(target, tokens, 100);
    assert.deepEqual(
      Object.keys(answers).filter((answer) => !['401', '429', '500'].includes(answer)),
      [],
    );
    // Twenty at once, and one a second.
    assert.ok(reviews() - asked <= 40, `${reviews() - asked} questions`);
    await scraper.until(`count_over_time(up{job="good"}[10m]) > ${scrapes?.value[1]}`);
    assert.deepEqual(await scraper.query('min_over_time(up{job="good"}[10m]) == 0'), []);
  });

  it('goes on answering whom it knows while the API server is down', async () => {
    await api.chaos.down();
    const [scrapes] = await scraper.query('count_over_time(up{job="good"}[10m])');
    await scraper.until(`count_over_time(up{job="good"}[10m]) > ${Number(scrapes?.value[1]) + 2}`);
    assert.deepEqual(await up(), ['good']);
    await api.chaos.up();
  });

  it('says nothing of a token, in whatever it logs', () => {
    assert.doesNotMatch(program.printed(), /eyJ|c2ln/);
  });
});
