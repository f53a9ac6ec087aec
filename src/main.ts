#!/usr/bin/env node
/**
 * The program: the one file that reads the process, its clock, arguments, environment and signals.
 *
 * Dispatches. What a command needs is loaded when it is called.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { explain } from './cli/explain.ts';
import { EXIT, type Exit, scanExit, scanTable } from './cli/scan.ts';
import { helpText } from './config/help.ts';
import { type CommandLine, loadConfig } from './config/load.ts';
import type { Config } from './config/options.ts';
import { createTakeSnapshot, type TakeSnapshot } from './core/snapshot.ts';
import { tokenReport } from './exposition/token-report.ts';
import { leaner } from './lean.ts';
import { createLog, errorFields } from './log.ts';
import { REVISION, VERSION } from './version.ts';

const clock = {
  now: () => Date.now() / 1_000,
  monotonicMs: () => performance.now(),
  sleep: (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }).catch(() => undefined),
};

function complain(problems: readonly string[]): Exit {
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return EXIT.usage;
}

/** What every command that looks at a node is given. */
function common(config: Config, takeSnapshot: TakeSnapshot) {
  const node = config.nodeName || hostname();
  return { config, environment: process.env, node, takeSnapshot, clock, random: Math.random };
}

function serveOptions(config: Config, takeSnapshot: TakeSnapshot) {
  const log = createLog({
    level: config.logLevel,
    format: config.logFormat,
    write: (line) => process.stderr.write(line),
    timestamp: () => new Date().toISOString(),
  });
  const build = { version: VERSION, revision: REVISION, nodeVersion: process.version };
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return { ...common(config, takeSnapshot), build, log, signal: stop.signal, stop: () => stop.abort() };
}

async function runServe(config: Config, takeSnapshot: TakeSnapshot): Promise<Exit> {
  const { serve } = await import('./serve.ts');
  const problems = await serve(serveOptions(config, takeSnapshot));
  return problems.length === 0 ? EXIT.ok : complain(problems);
}

async function runDemo(config: Config, takeSnapshot: TakeSnapshot): Promise<Exit> {
  const [{ runDemo: demo }, { serve }] = await Promise.all([import('./cli/demo.ts'), import('./serve.ts')]);
  const folder = await mkdtemp(join(tmpdir(), 'satoken-demo-'));
  const options = serveOptions(config, takeSnapshot);
  const problems: string[] = [];
  await demo({
    folder,
    now: clock.now,
    sleep: clock.sleep,
    signal: options.signal,
    write: (text) => process.stdout.write(text),
    serve: async (simulated, onListening) => {
      const found = await serve({
        ...options,
        config: { ...config, ...simulated },
        node: simulated.nodeName,
        onListening: ({ url }) => onListening(`${url}${config.telemetryPath}`),
      });
      problems.push(...found);
      options.stop();
    },
  });
  await rm(folder, { recursive: true });
  return problems.length === 0 ? EXIT.ok : complain(problems);
}

async function runOnce(
  { command, operands, config }: CommandLine,
  takeSnapshot: TakeSnapshot,
): Promise<Exit> {
  const { lookOnce } = await import('./once.ts');
  const looked = await lookOnce({ ...common(config, takeSnapshot), version: VERSION });
  if (!looked.ok) return complain([looked.problem]);
  const { snapshot, warning } = looked;
  if (warning !== undefined) process.stderr.write(`${warning}\n`);
  if (command === 'explain') {
    const { text, exit } = explain(operands[0] ?? '', snapshot, config.runbooks);
    process.stdout.write(text);
    return exit;
  }
  process.stdout.write(
    config.output === 'json' ? tokenReport(snapshot, config.runbooks) : scanTable(snapshot),
  );
  return scanExit(snapshot);
}

/** Reads what the user expects of audiences; the problems where there is a mistake in it. */
async function readRules({ audienceRules }: Config) {
  if (audienceRules === '') return { ok: true, value: [] } as const;
  const { readAudienceRules } = await import('./sources/audience-rules.ts');
  return readAudienceRules(audienceRules);
}

async function run(commandLine: CommandLine): Promise<Exit> {
  const { command, config } = commandLine;
  const read = await readRules(config);
  if (!read.ok) return complain(read.problems);
  const audience = { rules: read.value, useCatalogue: config.useCatalogue };
  const takeSnapshot = createTakeSnapshot({ rotationGrace: config.rotationGrace, audience });
  if (command === 'serve') return runServe(config, takeSnapshot);
  if (command === 'demo') return runDemo(config, takeSnapshot);
  return runOnce(commandLine, takeSnapshot);
}

async function main(): Promise<Exit> {
  const loaded = loadConfig(process.argv.slice(2), process.env);
  if (!loaded.ok)
    return complain([...loaded.problems, 'sa-token-exporter --help lists commands and options']);
  const { isHelp, isVersion, command } = loaded.commandLine;
  if (isHelp || isVersion) {
    const version = `sa-token-exporter ${VERSION} (${REVISION}, Node ${process.version})\n`;
    process.stdout.write(isHelp ? helpText() : version);
    return EXIT.ok;
  }
  const lean = command === 'serve' ? leaner(process) : undefined;
  if (lean !== undefined) process.execve?.(process.execPath, lean.argv, lean.env);
  return run(loaded.commandLine);
}

/** A port that is taken is the user's to mend; anything else that arrives here is a bug, told by name and place. */
function fatal(error: unknown): Exit {
  const isSystem = error instanceof Error && 'syscall' in error && 'code' in error;
  const what = isSystem ? { call: String(error.syscall), code: String(error.code) } : errorFields(error);
  process.stderr.write(`cannot go on: ${Object.values(what).join(' ')}\n`);
  return EXIT.usage;
}

process.exitCode = await main().catch(fatal);
