/**
 * Tokens that are missing, legacy or no tokens, and an exporter that cannot tell.
 */
import * as scenarios from '../../../simulator/demo/scenarios.ts';
import { SCRAPER } from '../../support/alertmanager.ts';
import { HASH, OTHER_HASH } from '../../support/credentials.ts';
import { dayTokens, played, remove, rotate, type Trouble, VICTIM } from './trouble.ts';

export const FILE_TROUBLES: readonly Trouble[] = [
  {
    name: 'token-missing',
    play: played(scenarios.fileFault('missing', 300)),
    mend: rotate,
    tells: 'SATokenMissing',
    severity: 'critical',
  },
  {
    name: 'legacy-mounted',
    play: played(scenarios.legacyToken),
    mend: remove,
    tells: 'SATokenLegacyMounted',
    severity: 'warning',
  },
  {
    name: 'legacy-secret-deleted',
    play: played(scenarios.legacySecretDeleted),
    mend: remove,
    tells: 'SATokenLegacySecretMissing',
    severity: 'critical',
    silences: ['SATokenLegacyMounted'],
  },
  {
    name: 'legacy-secret-awaited',
    play: played(scenarios.legacySecretNeverCreated),
    mend: ({ world }) => world.cluster.deletePod(scenarios.NAMESPACE, VICTIM),
    tells: 'SATokenLegacySecretMissing',
    severity: 'critical',
  },
  {
    name: 'token-garbage',
    play: played(scenarios.fileFault('garbage')),
    mend: rotate,
    tells: 'SATokenUnreadable',
    severity: 'warning',
    says: /cannot be read \(not_a_jwt\)/,
  },
];

const guardedBy = (hash: string): string => `basic_auth_users: {${SCRAPER}: ${hash}}`;
const GUARDED = guardedBy(HASH);

export const EXPORTER_TROUBLES: readonly Trouble[] = [
  {
    name: 'exporter-down',
    play: ({ stopExporter }) => stopExporter(),
    mend: ({ startExporter }) => startExporter(),
    tells: 'SATokenExporterDown',
    severity: 'warning',
  },
  {
    name: 'view-wrong',
    options: { ownUid: '00000000-0000-0000-0000-000000000000' },
    play: () => undefined,
    tells: 'SATokenSelfViewWrong',
    severity: 'warning',
    says: /Failing: folder, propagation, readable, same_content\./,
    silences: ['SATokenCanaryLate'],
  },
  {
    name: 'api-server-fails',
    play: ({ api }) => {
      api.chaos.inject({ kind: 'status', code: 500 }, { resource: 'serviceaccounts' });
      api.chaos.dropWatches();
    },
    mend: ({ api }) => api.chaos.heal(),
    tells: 'SATokenClusterBlind',
    severity: 'warning',
    says: /Failing: serviceaccounts \(server_error\)\./,
  },
  {
    name: 'scraper-refused',
    options: { webConfig: GUARDED },
    play: ({ writeWebConfig }) => writeWebConfig(guardedBy(OTHER_HASH)),
    mend: ({ writeWebConfig }) => writeWebConfig(GUARDED),
    tells: 'SATokenExporterDown',
    severity: 'warning',
  },
  {
    name: 'web-config-broken',
    options: { webConfig: GUARDED },
    play: ({ writeWebConfig }) => writeWebConfig(guardedBy('secret')),
    mend: ({ writeWebConfig }) => writeWebConfig(GUARDED),
    tells: 'SATokenWebConfigBroken',
    severity: 'warning',
  },
  { name: 'all-is-well', play: ({ world }) => dayTokens(world, 10, 60) },
];
