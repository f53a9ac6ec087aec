/**
 * Metrics, options, variables, reasons, buckets, commands and scripts that the documents name exist.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { GROUPS } from '../../alerts/groups.ts';
import { COMMANDS, environmentName } from '../../src/config/load.ts';
import { OPTIONS } from '../../src/config/options.ts';
import { REASONS } from '../../src/core/checks/index.ts';
import { READ_FAILURES } from '../../src/core/observation.ts';
import { EXPORTER } from '../../src/metrics/exporter-rows.ts';
import { METRICS } from '../../src/metrics/rows.ts';
import { MEMORY_FLAGS } from '../../src/runtime/node-flags.ts';
import { READS_FLAGS } from '../../src/runtime/permission-model.ts';
import { WATCH_FAILURES } from '../../src/sources/files/watch.ts';
import { DOCUMENTS, ROOT } from './documents.ts';

const options = Object.values(OPTIONS);
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };

/** Options of programs that the documents use: kubectl, its plugin, curl, journalctl, the API server. */
const FOREIGN_OPTIONS = `
  agent as audience build-arg certificate-identity certificate-oidc-issuer comment cacert clusterrole duration exporter-namespace exporter-selector field-selector from-file from-literal kube-version metric-labels-allowlist predicate-type previous raw serviceaccount short since sort-by tail time-style
  api-audiences service-account-extend-token-expiration service-account-issuer service-account-key-file
`;

const NODE_OPTIONS = [...process.allowedNodeEnvironmentFlags, ...MEMORY_FLAGS, ...READS_FLAGS].map((flag) =>
  flag.replace(/^--/, ''),
);

/** As they are exported, and with the form of collectors that print bounds as integers. */
function boundsOf(buckets: readonly number[]): readonly string[] {
  return buckets.flatMap((bound) =>
    Number.isInteger(bound) ? [`${bound}.0`, `${bound}|${bound}.0`] : [String(bound)],
  );
}

/** How each kind of name appears in a document, and the names that exist. */
const KINDS: readonly {
  readonly kind: string;
  readonly written: RegExp;
  readonly known: readonly string[];
}[] = [
  {
    kind: 'recording rule',
    written: /\b(\w+:satoken_\w+:\w+)/g,
    known: GROUPS.flatMap(({ recordings }) => recordings.map(({ record }) => record)),
  },
  {
    kind: 'metric',
    written: /(?<![\w:])(satoken_\w+)/g,
    known: METRICS.flatMap(({ name, type }) =>
      type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  },
  {
    kind: 'option',
    written: /(?<![\w-])--(?:\[no-\])?([a-z][\w.-]*\w)/g,
    known: [
      ...options.map(({ flag }) => flag),
      ...options.filter(({ isSwitch }) => isSwitch).map(({ flag }) => `no-${flag}`),
      'help',
      'reuse-values',
      'reset-then-reuse-values',
      'version',
      ...FOREIGN_OPTIONS.trim().split(/\s+/),
      ...NODE_OPTIONS,
    ],
  },
  {
    kind: 'variable',
    written: /\b(SATOKEN_\w+)/g,
    known: options.map(({ flag }) => environmentName(flag)),
  },
  {
    kind: 'reason',
    written: /\breason="(\w+)"/g,
    known: [...REASONS, ...READ_FAILURES, ...WATCH_FAILURES],
  },
  {
    kind: 'bucket',
    written: /\ble=~?"([^"]+)"/g,
    known: Object.values(EXPORTER).flatMap((row) => (row.type === 'histogram' ? boundsOf(row.buckets) : [])),
  },
  {
    kind: 'command',
    // Neither the namespace nor the Helm release of that name.
    written:
      /(?<!-n |namespace |helm (?:install|template|upgrade) )(?:sa-token-exporter|dist\/main\.js) ([a-z]+)\b/g,
    known: COMMANDS.map(({ name }) => name),
  },
  { kind: 'script', written: /\bnpm run ([\w:]+)/g, known: Object.keys(scripts) },
];

function strangers(text: string, { written, known }: (typeof KINDS)[number]): readonly string[] {
  return [...text.matchAll(written)].map(([, name = '']) => name).filter((name) => !known.includes(name));
}

describe('the names in the documents', () => {
  for (const row of KINDS) {
    it(`include only a ${row.kind} that exists`, () => {
      const found = DOCUMENTS.map(({ name, text }) => [name, strangers(text, row)]);
      assert.deepEqual(
        found.filter(([, names]) => names?.length),
        [],
      );
    });
  }

  for (const [kind, text] of [
    ['metric', 'see `satoken_nonsense_total`'],
    ['recording rule', 'node:satoken_nonsense:count'],
    ['option', 'give it --nonsense.option=1'],
    ['variable', 'SATOKEN_NONSENSE=1'],
    ['reason', 'satoken_problem{reason="nonsense"}'],
    ['bucket', 'satoken_rotation_lag_seconds_bucket{le="60"}'],
    ['command', 'sa-token-exporter nonsense'],
    ['script', 'npm run nonsense'],
  ] as const) {
    it(`fail for a ${kind} that does not exist`, () => {
      const row = KINDS.find((one) => one.kind === kind);
      assert.ok(row);
      assert.equal(strangers(text, row).length, 1);
    });
  }
});
