/**
 * `npm run fuzz [inputs] [seed]`: a long run with generated inputs. Exits with 1 if anything is wrong.
 *
 * A round that takes longer than `MAX_ROUND_MS` counts as a hang.
 */
import { DIST } from '../support/program.ts';
import { fuzz, inputsOf, type Totals } from './fuzz.ts';
import { fuzzReadThreads, INTERLEAVINGS_PER_VOLUME } from './read-threads.ts';
import { fuzzReads } from './reads.ts';

const MAX_ROUND_MS = 120_000;
/** One interleaving of opens of token files for each so many other inputs: it has a hundred events. */
const INPUTS_PER_INTERLEAVING = 10;

const [inputs = 1_000_000, seed = Math.floor(Math.random() * 2 ** 32)] = process.argv.slice(2).map(Number);

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function describeTotals(totals: Totals): string {
  const { rounds, files, claims, objects, events, requests } = totals;
  return `${inputsOf(totals)} inputs in ${rounds} rounds: ${files} files, ${claims} claims, ${objects} objects, ${events} events, ${requests} requests`;
}

function watchForHangs(): { readonly alive: () => void; readonly stop: () => void } {
  const hang = (): never => {
    print(`seed ${seed}: a round takes longer than ${MAX_ROUND_MS / 1_000} s`);
    process.exit(1);
  };
  let timer = setTimeout(hang, MAX_ROUND_MS);
  const stop = (): void => clearTimeout(timer);
  const alive = (): void => {
    stop();
    timer = setTimeout(hang, MAX_ROUND_MS);
  };
  return { alive, stop };
}

print(`seed ${seed}`);
const interleavings = Math.ceil(inputs / INPUTS_PER_INTERLEAVING);
const { wrong } = fuzzReads(seed, interleavings);
for (const text of wrong.slice(0, 5)) print(text);
print(`${interleavings} interleavings of opens; ${wrong.length} false verdicts`);
const volumes = Math.ceil(interleavings / INTERLEAVINGS_PER_VOLUME);
const threads = fuzzReadThreads(seed, volumes);
for (const text of threads.wrong.slice(0, 5)) print(text);
print(`${volumes} volumes with interleaved threads; ${threads.wrong.length} false counts of reads`);
const hangs = watchForHangs();
const { throws, duplicates, ...totals } = await fuzz({
  dist: DIST,
  seed,
  inputs,
  onRound: (done) => {
    hangs.alive();
    if (done.rounds % 50 === 0) print(describeTotals(done));
  },
});
hangs.stop();
for (const line of [...throws, ...duplicates].slice(0, 20)) print(line);
print(`${describeTotals(totals)}; ${throws.length} throws, ${duplicates.length} duplicates`);
process.exitCode = throws.length + duplicates.length + wrong.length + threads.wrong.length === 0 ? 0 : 1;
