#!/usr/bin/env node
/**
 * The program: parses arguments, dispatches, sets the exit code.
 *
 * Only this file reads the process; everything else is given what it needs.
 */
import { isBuiltin } from 'node:module';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Context, EXIT, type Exit } from './cli/command.ts';
import { COMMAND_FILES } from './cli/commands.ts';
import { terminalOf } from './cli/terminal.ts';
import { helpText } from './config/help.ts';
import { type CommandLine, loadConfig } from './config/load.ts';
import { fatalMessage } from './runtime/fatal.ts';
import { isProcessLockedDown, lockDown } from './runtime/lock-down.ts';
import { nodeVersionProblem } from './runtime/node-version.ts';
import { handleOutputErrors } from './runtime/output-errors.ts';
import { systemClock } from './runtime/system-clock.ts';
import { createLog } from './util/log.ts';
import { REVISION, VERSION } from './version.ts';

function complain(problems: readonly string[]): Exit {
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return problems.length === 0 ? EXIT.ok : EXIT.usage;
}

function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

const { dirname, filename } = import.meta;
const isSource = filename.endsWith('.ts');

function contextOf({ config, operands }: CommandLine): Context {
  return {
    config,
    operands,
    environment: process.env,
    node: config.nodeName ?? hostname(),
    readsWorker: join(dirname, isSource ? 'reads-worker.ts' : 'reads-worker.js'),
    mayStartPrograms: process.permission?.has('child') ?? true,
    isLockedDown: isProcessLockedDown(process),
    build: { version: VERSION, revision: REVISION, nodeVersion: process.version },
    log: createLog({
      level: config.logLevel,
      format: config.logFormat,
      write: (line) => process.stderr.write(line),
      timestamp: () => new Date().toISOString(),
    }),
    print: (text) => process.stdout.write(text),
    terminal: terminalOf(process.stdout, process.env),
    complain,
    stopSignal,
    clock: systemClock,
    random: Math.random,
  };
}

async function run(commandLine: CommandLine): Promise<Exit> {
  const { command, config } = commandLine;
  const program = join(dirname, isSource ? '..' : '.');
  const problems = await lockDown({ process, program, command, config, isBuiltin });
  if (problems.length > 0) return complain(problems);
  const { run: runCommand } = await COMMAND_FILES[command]();
  return runCommand(contextOf(commandLine));
}

async function main(): Promise<Exit> {
  const unsupported = nodeVersionProblem(process.version);
  if (unsupported !== undefined) return complain([unsupported]);
  const loaded = loadConfig(process.argv.slice(2), process.env);
  if (!loaded.ok) return complain([...loaded.error, 'run sa-token-exporter --help for usage']);
  if (loaded.value.kind === 'command') return run(loaded.value);
  const version = `sa-token-exporter ${VERSION} (${REVISION}, Node ${process.version})\n`;
  process.stdout.write(loaded.value.kind === 'help' ? helpText(loaded.value.command) : version);
  return EXIT.ok;
}

handleOutputErrors(process, (error) => {
  const exit = complain([fatalMessage(error)]);
  process.once('exit', () => {
    process.exitCode = exit;
  });
});
process.exitCode = await main().catch((error) => complain([fatalMessage(error)]));
