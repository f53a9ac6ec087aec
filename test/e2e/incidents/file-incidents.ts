/**
 * Incidents with missing, legacy or unreadable tokens, and with the exporter itself.
 */
import * as scenarios from '../../../simulator/demo/scenarios.ts';
import { HASH, OTHER_HASH } from '../../support/credentials.ts';
import { SCRAPER } from '../support/alertmanager.ts';
import { type Incident, removePod, rotate, runDayPods, scenario, uidOf, VICTIM } from './incident.ts';

export const FILE_INCIDENTS: readonly Incident[] = [
  {
    name: 'token-missing',
    start: scenario(scenarios.fileFault('missing', 300)),
    resolve: rotate,
    alert: 'SATokenMissing',
    severity: 'critical',
  },
  {
    name: 'legacy-mounted',
    start: scenario(scenarios.legacyToken),
    unsent: 'SATokenLegacyMounted',
  },
  {
    name: 'subpath-frozen',
    start: scenario(scenarios.subPathCopy),
    resolve: removePod,
    alert: 'SATokenSubpathFrozen',
    severity: 'warning',
    description: / Rejected in \d+m \d+s\. /,
  },
  {
    name: 'mounted-again',
    start: scenario(scenarios.mountedAgain),
    resolve: (served) => served.world.kubelet.restartContainers(uidOf(served)),
    alert: 'SATokenContainerViewStale',
    severity: 'critical',
  },
  {
    name: 'legacy-secret-deleted',
    start: scenario(scenarios.legacySecretDeleted),
    resolve: removePod,
    alert: 'SATokenLegacySecretMissing',
    severity: 'critical',
    inhibited: ['SATokenLegacyMounted'],
  },
  {
    name: 'legacy-secret-awaited',
    start: scenario(scenarios.legacySecretNeverCreated),
    resolve: ({ world }) => world.cluster.deletePod(scenarios.NAMESPACE, VICTIM),
    alert: 'SATokenLegacySecretMissing',
    severity: 'critical',
  },
  {
    name: 'token-garbage',
    start: scenario(scenarios.fileFault('garbage')),
    resolve: rotate,
    alert: 'SATokenUnreadable',
    severity: 'warning',
    description: /cannot be read \(not_a_jwt\)/,
  },
];

const webConfig = (hash: string): string => `basic_auth_users: {${SCRAPER}: ${hash}}`;
const WEB_CONFIG = webConfig(HASH);

export const EXPORTER_INCIDENTS: readonly Incident[] = [
  {
    name: 'exporter-down',
    start: ({ stopExporter }) => stopExporter(),
    resolve: ({ startExporter }) => startExporter(),
    // It is the only exporter of its cluster.
    alert: 'SATokenExporterDown',
    severity: 'critical',
  },
  {
    name: 'self-check-fails',
    options: { podUid: '00000000-0000-0000-0000-000000000000' },
    start: () => undefined,
    alert: 'SATokenSelfViewWrong',
    severity: 'warning',
    description: /Failing: folder, propagation, readable, same_content\./,
    inhibited: ['SATokenCanaryLate'],
  },
  {
    name: 'api-server-fails',
    start: ({ api }) => {
      api.chaos.inject({ kind: 'status', code: 500 }, { resource: 'serviceaccounts' });
      api.chaos.dropWatches();
    },
    resolve: ({ api }) => api.chaos.heal(),
    alert: 'SATokenClusterBlind',
    severity: 'warning',
    description: /Failing: serviceaccounts \(server_error\)\./,
  },
  {
    name: 'scraper-rejected',
    options: { webConfig: WEB_CONFIG },
    start: ({ writeWebConfig }) => writeWebConfig(webConfig(OTHER_HASH)),
    resolve: ({ writeWebConfig }) => writeWebConfig(WEB_CONFIG),
    // It is the only exporter of its cluster.
    alert: 'SATokenExporterDown',
    severity: 'critical',
  },
  {
    name: 'web-config-broken',
    options: { webConfig: WEB_CONFIG },
    start: ({ writeWebConfig }) => writeWebConfig(webConfig('secret')),
    resolve: ({ writeWebConfig }) => writeWebConfig(WEB_CONFIG),
    alert: 'SATokenWebConfigBroken',
    severity: 'warning',
  },
  { name: 'all-is-well', start: ({ world }) => runDayPods(world, 10, 60) },
];
