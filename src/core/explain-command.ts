/**
 * The commands that explain the tokens of a pod in a terminal.
 */
import { type PodName, type PodNames, UNKNOWN_NAME } from './identity.ts';
import type { SelfFacts } from './self-check.ts';

/** Names that the API server accepts, and UIDs. A shell takes them literally. */
const PLAIN = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** Whether a name can be part of a command. Claims of tokens may contain anything. */
export function isPlainName(name: string): boolean {
  return PLAIN.test(name);
}

function areAllPlain({ namespace, pod }: PodName): boolean {
  return [namespace, pod].every(isPlainName);
}

interface Known {
  readonly self: SelfFacts | undefined;
  readonly podNames: PodNames;
}

/** The namespace and the name of the exporter's pod, or placeholders. */
function exporterOf({ self, podNames }: Known): PodName {
  const name = podNames.get(self?.podUid ?? '') ?? UNKNOWN_NAME;
  return areAllPlain(name) ? name : { namespace: 'sa-token-exporter', pod: 'EXPORTER' };
}

/** The plugin finds pods by name only. Returns no command if neither the name nor the UID can be part of one. */
export function explainCommands(
  name: PodName & { readonly podUid: string },
  known: Known,
): readonly string[] {
  const isNamed = areAllPlain(name);
  if (!isNamed && !isPlainName(name.podUid)) return [];
  const operand = isNamed ? `${name.namespace}/${name.pod}` : name.podUid;
  const exporter = exporterOf(known);
  const exec = `kubectl exec -n ${exporter.namespace} ${exporter.pod} -- sa-token-exporter explain ${operand}`;
  return isNamed ? [`kubectl satoken explain ${operand}`, exec] : [exec];
}
