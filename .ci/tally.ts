/**
 * Reads a JSON report of mocha. Prints failures to stderr, and the numbers of passed and failed tests to stdout.
 */
import { readFileSync } from 'node:fs';

interface Report {
  readonly stats: { readonly passes: number; readonly failures: number };
  readonly failures: readonly {
    readonly fullTitle: string;
    readonly err: { readonly stack?: string; readonly message?: string };
  }[];
}

const { stats, failures } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Report;
for (const { fullTitle, err } of failures) console.error(`\n${fullTitle}\n${err.stack ?? err.message}`);
console.log(stats.passes, stats.failures);
