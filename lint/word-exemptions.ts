/**
 * Where a word of `lint/words.ts` has to stay. An entry that no longer matches anything is an error.
 */
import type { Exemption } from './find-words.ts';

export const WORD_EXEMPTIONS: readonly Exemption[] = [
  { files: 'lint/word{s,-exemptions}.ts', words: '*', reason: 'The list itself.' },
  { files: 'LICENSE', words: '*', reason: 'The text of the Apache License.' },
  { files: 'test/lint/words.test.ts', words: '*', reason: 'Plants every word.' },
  { files: 'bench/{exporter,withstand/prober}.ts', words: ['agent'], reason: 'Agent of node:http.' },
  {
    files: 'src/sources/api-server/client/{connection,kubeconfig}.ts',
    words: ['agent'],
    reason: 'Agent of node:http.',
  },
  {
    files: 'test/{simulator/api/clients,e2e/web-config}.test.ts',
    words: ['agent'],
    reason: 'Option of node:http.',
  },
  { files: 'test/docs/names.test.ts', words: ['agent'], reason: 'Option of Prometheus.' },
  {
    files: '{daemonset/chart/files/hints,test/fixtures/values/refused/datadog}.yaml',
    words: ['agents'],
    reason: 'Values of a chart.',
  },
  { files: 'package-lock.json', words: ['agent'], reason: 'Names of packages.' },
];
