/** Writes `lint/layers.json` from the table of layers. */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { BIOME_LAYERS } from './layers.ts';

await writeFile('lint/layers.json', `${JSON.stringify(BIOME_LAYERS, null, 2)}\n`);
execFileSync('biome', ['format', '--write', 'lint/layers.json'], { stdio: 'ignore' });
