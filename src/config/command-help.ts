/**
 * What the help of each command says besides its options.
 */
import type { CommandName } from './load.ts';
import type { OptionGroup } from './options.ts';

export interface CommandHelp {
  /** Sentences, one paragraph each. */
  readonly details: readonly string[];
  /** The groups of options that the command uses. */
  readonly groups: readonly OptionGroup[];
  /** Command lines, and what each is for. */
  readonly examples: readonly (readonly [line: string, purpose: string])[];
}

const EXIT_CODES =
  'Exits with 0 if all is well, 1 if a check fails, 2 if an option is invalid, and 3 if nothing could be read.';

export const COMMAND_HELP: Readonly<Record<CommandName, CommandHelp>> = {
  serve: {
    details: ['Serves the metrics, the status page at / and its JSON at /tokens until it is stopped.'],
    groups: [
      'Web server',
      'Node and scans',
      'Checks',
      'Metrics',
      'API server',
      'Self-check',
      'Logs and links',
    ],
    examples: [
      ['sa-token-exporter serve', 'serve :9894'],
      ['sa-token-exporter serve --metrics.per-token=problems', 'fewer series'],
      ['sa-token-exporter serve --cluster.mode=off', 'judge tokens by their files alone'],
    ],
  },
  scan: {
    details: [
      'Lists each token, the most urgent first, then tokens that are missing and files that could not be read.',
      EXIT_CODES,
    ],
    groups: ['Node and scans', 'Checks', 'API server', 'Logs and links', 'The commands scan and explain'],
    examples: [
      ['sa-token-exporter scan', 'this node'],
      ['sa-token-exporter scan --problems', 'only what is wrong'],
      ['sa-token-exporter scan --output=json', 'for programs'],
      ['sa-token-exporter scan --at=2026-01-31T12:00:00Z', 'what will have expired by then'],
    ],
  },
  explain: {
    details: [
      'For each token of the pod: what is wrong, the evidence, since when, and what to do. The pod must be on this node.',
      `${EXIT_CODES} A pod that is not on this node counts as a failure.`,
    ],
    groups: ['Node and scans', 'Checks', 'API server', 'Logs and links', 'The commands scan and explain'],
    examples: [
      ['sa-token-exporter explain payments/api-0', 'by namespace and name'],
      ['sa-token-exporter explain 2a54b4a4-4f0d-4c44-9c2e-6e0a1d6cf3a1', 'by UID'],
    ],
  },
  demo: {
    details: [
      'Serves a simulated node with at least one token in each state, and a simulated API server, until it is stopped.',
    ],
    groups: ['Web server', 'Metrics', 'Logs and links'],
    examples: [
      ['sa-token-exporter demo', 'serve :9894'],
      ['sa-token-exporter demo --web.listen-address=:9895', 'if that port is in use'],
    ],
  },
};
