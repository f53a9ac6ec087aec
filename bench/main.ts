/**
 * `npm run bench [part...]`: measures costs, as ratios to a baseline in the same run. Exits with 1 if a bound is exceeded.
 *
 * Runs all parts if none is given.
 */

import { benchApiServer } from './api-server.ts';
import { benchAttacks } from './attacks.ts';
import { benchFleet } from './fleet.ts';
import { benchIssuerChange } from './issuer-change.ts';
import { benchMemory } from './memory.ts';
import { createBenchNode } from './node.ts';
import { benchPage } from './page.ts';
import { benchReads } from './reads.ts';
import { benchRotation } from './rotation.ts';
import { benchScan } from './scan.ts';
import { benchScrape } from './scrape.ts';
import { benchWithstand } from './withstand/main.ts';

const PARTS = {
  scan: benchScan,
  scrape: benchScrape,
  page: benchPage,
  memory: benchMemory,
  'api-server': benchApiServer,
  fleet: benchFleet,
  'issuer-change': benchIssuerChange,
  rotation: benchRotation,
  reads: benchReads,
  attacks: benchAttacks,
  withstand: benchWithstand,
} as const;

const selected = process.argv.slice(2);
// An interrupted run would leave a thousand mounts behind. Before the node exists: its creation takes a while.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
const node = createBenchNode();
process.once('exit', node.close);
let isOk = true;
for (const [name, part] of Object.entries(PARTS)) {
  if (selected.length > 0 && !selected.includes(name)) continue;
  process.stdout.write(`${name}\n`);
  isOk = (await part(node)) && isOk;
}
process.exitCode = isOk ? 0 : 1;
