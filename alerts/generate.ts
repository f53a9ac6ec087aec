/**
 * Writes the generated files of the alerts.
 */
import { writeFileSync } from 'node:fs';
import { alertmanagerFile, prometheusRule, rulesFile } from './documents.ts';

const FILES = {
  'rules.yaml': rulesFile(),
  'prometheusrule.yaml': prometheusRule(),
  'alertmanager.yaml': alertmanagerFile(),
  // The Helm chart can only read files of its own.
  '../daemonset/chart/files/rules.yaml': rulesFile(),
};

for (const [name, text] of Object.entries(FILES)) writeFileSync(new URL(name, import.meta.url), text);
