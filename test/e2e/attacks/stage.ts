/**
 * The demo with TLS and passwords, its resource usage, and a Prometheus with valid credentials that scrapes it.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '../../support/certificates.ts';
import { HASH } from '../../support/credentials.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { type Scraper, startScraper } from '../support/scraper.ts';
import type { Target } from './attacker.ts';

export interface Exporter {
  readonly program: Program;
  readonly main: Target;
  readonly probes: Target;
  /** CA certificate of the server. */
  readonly caFile: string;
  /** CPU time of the program so far. */
  readonly cpuSeconds: () => number;
  /** Resident memory of the program. */
  readonly residentBytes: () => number;
  readonly stop: () => Promise<void>;
}

export interface Stage extends Exporter {
  readonly scraper: Scraper;
}

/** Kernel clock ticks and page size on all Linux platforms of Node.js. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4_096;

/** Several jobs give frequent scrapes with the usual timeout of 10 s, which is at most the interval. */
const JOBS = 5;
const INTERVAL = '10s';

function portOf(url: string): number {
  return Number(new URL(url).port);
}

export async function createExporter(): Promise<Exporter> {
  const folder = mkdtempSync(join(tmpdir(), 'satoken-attacks-'));
  const { certFile } = makeCertificate(folder, 'server');
  const lines = [
    'tls_server_config: {cert_file: server.crt, key_file: server.key}',
    `basic_auth_users: {prom: ${HASH}}`,
  ];
  writeFileSync(join(folder, 'web.yml'), lines.join('\n'));
  const program = await startProgram(
    'demo',
    `--web.config.file=${join(folder, 'web.yml')}`,
    '--web.probe-address=127.0.0.1:0',
  );
  const [, probePort] = await program.says(/msg="listening for probes" address=\S+ port=(\d+)/);
  const procFields = (file: string): readonly string[] =>
    readFileSync(`/proc/${program.process.pid}/${file}`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
  return {
    program,
    caFile: certFile,
    main: { port: portOf(program.url), isSecure: true },
    probes: { port: Number(probePort), isSecure: false },
    cpuSeconds: () => {
      const fields = procFields('stat');
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    },
    residentBytes: () => Number(procFields('statm')[1]) * PAGE_BYTES,
    stop: async () => {
      await program.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

export async function startStage(): Promise<Stage> {
  const exporter = await createExporter();
  const jobs = Array.from({ length: JOBS }, (_, index) => ({
    job_name: `good-${index}`,
    target: new URL(exporter.program.url).host,
    scrape_interval: INTERVAL,
    scheme: 'https',
    tls_config: { ca_file: exporter.caFile },
    basic_auth: { username: 'prom', password: 'secret' },
  }));
  const scraper = await startScraper(...jobs);
  const stop = async (): Promise<void> => {
    await scraper.stop();
    await exporter.stop();
  };
  return { ...exporter, scraper, stop };
}
