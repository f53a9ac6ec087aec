/**
 * `npm run bench`: figures as ratios to a bare loop or a named peer in the same run. Exit 1 where a promise is broken.
 *
 * Arguments name the parts to run; all of them where none is given.
 */
import { benchAttacks } from './attacks.ts';
import { benchCluster } from './cluster.ts';
import { benchFleet } from './fleet.ts';
import { benchMemory } from './memory.ts';
import { createBenchNode } from './node.ts';
import { benchPage } from './page.ts';
import { benchPasses } from './passes.ts';
import { benchRotation } from './rotation.ts';
import { benchScrape } from './scrape.ts';

const PARTS = {
  passes: benchPasses,
  scrape: benchScrape,
  page: benchPage,
  memory: benchMemory,
  cluster: benchCluster,
  fleet: benchFleet,
  rotation: benchRotation,
  attacks: benchAttacks,
} as const;

const wanted = process.argv.slice(2);
const node = createBenchNode();
let isKept = true;
try {
  for (const [name, part] of Object.entries(PARTS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    process.stdout.write(`${name}\n`);
    isKept = (await part(node)) && isKept;
  }
} finally {
  node.close();
}
process.exitCode = isKept ? 0 : 1;
