/**
 * Every alert has a runbook with the same sections, and together they cover the manual steps of diagnosis.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it } from 'mocha';
import { ALERTS } from '../../alerts/groups.ts';
import { KNOBS } from '../../alerts/knobs.ts';
import { OVERDUE_CAUSES } from '../../src/core/causes/overdue-cause.ts';
import { CLUSTER_RESOURCES } from '../../src/core/cluster-facts.ts';
import { runbookUrl } from '../../src/core/runbook.ts';
import { SELF_CHECKS } from '../../src/core/self-check.ts';
import { PARTS, REJECTION_CODES } from '../../src/metrics/exporter-rows.ts';
import { ROOT } from '../docs/documents.ts';
import { parseExpression } from './promql.ts';

const FOLDER = 'docs/runbooks';
const NAMES = [...new Set(ALERTS.map(({ name }) => name))];
const SECTIONS = ['Meaning', 'Impact', 'Diagnosis', 'Causes', 'Mitigation', 'Verification'];

function read(name: string): string {
  return readFileSync(join(ROOT, FOLDER, `${name}.md`), 'utf8');
}

/** The body under each heading. */
function sectionsOf(text: string): ReadonlyMap<string, string> {
  const parts = text.split(/^## (.+)$/m).slice(1);
  return new Map(parts.flatMap((title, index) => (index % 2 === 0 ? [[title, parts[index + 1] ?? '']] : [])));
}

/** Manual steps: the step, the runbook that has it, and what the runbook must contain. */
const STEPS: readonly (readonly [string, string, readonly RegExp[]])[] = [
  [
    'is it mounted',
    'SATokenMissing',
    [
      /kubectl exec POD .*-- ls -la \/var\/run\/secrets\/kubernetes.io\/serviceaccount\//,
      /ca\.crt, namespace, token/,
      /get pod .*spec\.automountServiceAccountToken/,
      /get serviceaccount .*\.automountServiceAccountToken/,
    ],
  ],
  [
    'does the account exist',
    'SATokenServiceAccountMissing',
    [
      /\{\.spec\.serviceAccountName\}/,
      /kubectl get serviceaccount ACCOUNT -n NAMESPACE/,
      /kubectl create serviceaccount ACCOUNT -n NAMESPACE/,
      /kubectl delete pod POD/,
    ],
  ],
  [
    'is the token right',
    'SATokenRefused',
    [/cut -d\. -f2 .*base64 -d.*jq \./, /`exp`/, /`iss`/, /`sub`/, /`aud`/],
  ],
  [
    'does it authenticate',
    'SATokenRefused',
    [/curl .*--cacert ca\.crt .*Bearer/, /401: the token is rejected/, /403:.*RBAC/],
  ],
  [
    'when does it expire',
    'SATokenExpired',
    [/kubectl get pod POD .*-o yaml/, /\.exp \| todate/, /get node NODE .*"Ready"/, /new token/],
  ],
  [
    'legacy tokens',
    'SATokenLegacySecretMissing',
    [
      /kubectl get secrets -n NAMESPACE/,
      /kubernetes\.io\/service-account-token/,
      /kubernetes\.io\/service-account\.name/,
      /kubectl create token ACCOUNT -n NAMESPACE --duration=24h/,
      /projected/,
      /at each request/,
    ],
  ],
  [
    'is the audience right',
    'SATokenAudienceMismatch',
    [
      /jq \.aud/,
      /api-audiences\|service-account-issuer/,
      /kubectl create token .*--audience=/,
      /audience: vault/,
      /expirationSeconds:/,
      /path:/,
    ],
  ],
  [
    'does the application read it again',
    'SATokenStaleUse',
    [/access time .*`stat`.* does not show/, /official ones reread the file/],
  ],
  [
    'does the kubelet rotate it',
    'SATokenNodeRotationStalled',
    [
      /journalctl -u kubelet --since "1 hour ago" \| grep -iE 'token\|serviceaccount'/,
      /"Ready"/,
      /cannot reach the API server/,
      /a log line of the kubelet/,
    ],
  ],
  ['is it over', 'SATokenExpired', [/No more 401s in the log/, /newly written/]],
];

describe('the runbooks', () => {
  it('exist for each alert and for nothing else', () => {
    const files = globSync('*.md', { cwd: join(ROOT, FOLDER) }).map((file) => basename(file, '.md'));
    assert.deepEqual(files.sort(), [...NAMES].sort());
  });

  for (const name of NAMES) {
    describe(name, () => {
      const text = read(name);
      const sections = sectionsOf(text);

      it('is at the URL in its alert', () => {
        assert.equal(runbookUrl(KNOBS.runbooks.value, name), `${KNOBS.runbooks.value}/${name}.md`);
        assert.ok(KNOBS.runbooks.value.endsWith(`/${FOLDER}`));
        assert.ok(text.startsWith(`# ${name}\n`));
      });
      it('has the sections of all runbooks, in order, and none of them is empty', () => {
        assert.deepEqual([...sections.keys()], SECTIONS);
        for (const [title, body] of sections) assert.ok(body.trim().length > 20, title);
      });
      it('diagnoses with kubectl or on the node, and with the exporter', () => {
        const confirm = sections.get('Diagnosis') ?? '';
        assert.match(confirm, /kubectl|sysctl/);
        assert.match(
          confirm,
          /sa-token-exporter (explain|scan)|satoken_|kubectl .*(sa-token-exporter|EXPORTER)/,
        );
      });
      it('runs explain in the exporter on the node, after finding it', () => {
        const commands = [...text.matchAll(/^```\n(.*?)^```$/gms)].flatMap(([, block = '']) =>
          block.split('\n'),
        );
        const shown = commands.flatMap((command, index) => (/ explain /.test(command) ? [index] : []));
        for (const index of shown) {
          assert.match(
            commands[index - 1] ?? '',
            /^kubectl get pods -n sa-token-exporter -o wide --field-selector spec\.nodeName=NODE +# EXPORTER/,
          );
          assert.match(
            commands[index] ?? '',
            /^kubectl exec -n sa-token-exporter EXPORTER -- sa-token-exporter explain [-\w]+\/[A-Z]+( {3}# .+)?$/,
          );
        }
        assert.doesNotMatch(commands.join('\n'), /^sa-token-exporter/m);
      });
      it('numbers the causes', () => {
        assert.match(sections.get('Causes') ?? '', /^1\. |\]\(SATokenRotationOverdue\.md\)/m);
      });
      it('has valid PromQL only', () => {
        for (const [, queries = ''] of text.matchAll(/```promql\n(.*?)```/gs))
          for (const query of queries.trim().split('\n'))
            assert.ok(parseExpression(query).selectors.length > 0);
      });
      it('does not repeat a threshold', () => {
        assert.doesNotMatch(text, /for: ?\d|after (?:5|10|15) minutes/);
      });
    });
  }

  it('quote log messages that the exporter writes', () => {
    const sources = globSync('src/**/*.ts', { cwd: ROOT }).map((file) =>
      readFileSync(join(ROOT, file), 'utf8'),
    );
    const quoted = NAMES.flatMap((name) => [
      ...read(name).matchAll(/kubectl logs EXPORTER[^|\n]*\| grep '([^']+)'|the log has `([^`]+)`/g),
    ]).map(([, searched, shown]) => searched ?? shown ?? '');
    assert.ok(quoted.length >= 4);
    const written = sources.join('\n');
    assert.deepEqual(
      quoted.filter((message) => !written.includes(message)),
      [],
    );
  });

  for (const [step, name, patterns] of STEPS) {
    it(`include a step in ${name}: ${step}`, () => {
      for (const pattern of patterns) assert.match(read(name).replaceAll('\n', ' '), pattern);
    });
  }

  it('explain every cause of an overdue token', () => {
    const text = ['SATokenRotationOverdue', 'SATokenNodeRotationStalled', 'SATokenNotYetValid']
      .map(read)
      .join('\n');
    const described = ['pod_terminating', 'clock_skew'];
    for (const cause of OVERDUE_CAUSES.filter((one) => !described.includes(one)))
      assert.ok(text.includes(cause), cause);
    assert.match(text, /terminating/);
    assert.match(text, /clock/);
  });

  it('explain every status of rejected requests, every component, and where to configure credentials', () => {
    const down = read('SATokenExporterDown');
    for (const status of REJECTION_CODES) assert.ok(down.includes(`| ${status} |`), status);
    for (const place of ['basic_auth', 'basicAuth', 'credentials_file', '`authorization`'])
      assert.ok(down.includes(place), place);
    for (const part of PARTS) assert.ok(read('SATokenExporterErrors').includes(`\`${part}\``), part);
  });

  it('explain every self-check and every resource', () => {
    for (const check of SELF_CHECKS)
      assert.ok(read('SATokenSelfViewWrong').includes(`| \`${check}\` |`), check);
    for (const one of CLUSTER_RESOURCES)
      assert.ok(read('SATokenClusterBlind').includes(`| \`${one}\` |`), one);
  });
});
