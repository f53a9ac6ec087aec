/**
 * Reads the record of `.ci/reporter.ts` and prints the numbers of passed and failed tests. What was still running counts
 * as failed.
 */
import { readFileSync } from 'node:fs';
import type { RunRecord } from './reporter.ts';

const UNSTARTED: RunRecord = { passed: 0, failed: 0, running: 'the loading of the test files' };

const text = readFileSync(process.argv[2] ?? '', 'utf8');
const { passed, failed, running } = text === '' ? UNSTARTED : (JSON.parse(text) as RunRecord);
if (running !== undefined) console.error(`\nFAILED: the run ended during ${running}`);
console.log(passed, failed + (running === undefined ? 0 : 1));
