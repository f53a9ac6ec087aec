/**
 * Writes the generated files of the alerts.
 */
import { writeFileSync } from 'node:fs';
import {
  alertmanagerFile,
  prometheusRule,
  rulesFile,
  rulesInSmallGroups,
  rulesWithoutQueries,
  smallGroupsFile,
} from './documents.ts';

const FILES = {
  'rules.yaml': rulesFile(),
  'rules-without-query.yaml': rulesWithoutQueries(),
  'rules-small-groups.yaml': rulesInSmallGroups(),
  'prometheusrule.yaml': prometheusRule(),
  'alertmanager.yaml': alertmanagerFile(),
  // The Helm chart can only read files of its own.
  '../daemonset/chart/files/rules.yaml': rulesFile(),
  '../daemonset/chart/files/rules-without-query.yaml': rulesWithoutQueries(),
  '../daemonset/chart/files/small-groups.yaml': smallGroupsFile(),
};

for (const [name, text] of Object.entries(FILES)) writeFileSync(new URL(name, import.meta.url), text);
