/**
 * Incidents with rejected tokens: service account, signing key, issuer, signature, audience or pod.
 */
import * as scenarios from '../../../simulator/demo/scenarios.ts';
import type { World } from '../../../simulator/world.ts';
import {
  EXPORTER,
  type Incident,
  OVERDUE_AGE,
  removePod,
  rotate,
  runDayPods,
  scenario,
  uidOf,
  VICTIM,
} from './incident.ts';

function rotateAll({ kubelet }: World): void {
  for (const { metadata } of kubelet.pods()) kubelet.rotate(metadata.uid);
}

/** A finalizer keeps a deleted account: it is still listed, and its tokens are rejected. */
function markAccountDeleted({ cluster }: World, deletionTimestamp: string | undefined): void {
  const { metadata, ...rest } = cluster.createServiceAccount(scenarios.NAMESPACE, VICTIM);
  const { deletionTimestamp: _before, ...kept } = metadata;
  cluster.addServiceAccount({
    ...rest,
    metadata: deletionTimestamp === undefined ? kept : { ...kept, deletionTimestamp },
  });
}

export const IDENTITY_INCIDENTS: readonly Incident[] = [
  {
    name: 'account-deleted',
    start: scenario(scenarios.accountDeleted(900)),
    resolve: (served) => {
      served.world.cluster.createServiceAccount(scenarios.NAMESPACE, VICTIM);
      served.world.kubelet.sync(uidOf(served));
    },
    alert: 'SATokenServiceAccountMissing',
    severity: 'critical',
    description: /^Service account demo\/victim \(tokens: 1\)/,
    inhibited: ['SATokenExpired', 'SATokenRotationOverdue'],
  },
  {
    name: 'account-recreated',
    start: (served) => {
      scenario(scenarios.aged((name) => scenarios.vaultPod(name), OVERDUE_AGE))(served);
      served.world.cluster.deleteServiceAccount(scenarios.NAMESPACE, VICTIM);
      served.world.cluster.createServiceAccount(scenarios.NAMESPACE, VICTIM);
    },
    resolve: rotate,
    alert: 'SATokenServiceAccountRecreated',
    severity: 'critical',
    inhibited: ['SATokenExpired', 'SATokenRotationOverdue'],
  },
  {
    name: 'key-changed',
    start: ({ world, exporterPod }) => {
      runDayPods(world, 10, 60);
      world.cluster.changeKey(false);
      // The first token with the new key reveals the change to the exporter.
      world.kubelet.rotate(exporterPod.metadata.uid);
    },
    resolve: ({ world }) => rotateAll(world),
    alert: 'SATokenSigningKeyUnknown',
    severity: 'critical',
    description: /does not publish \(10\)/,
  },
  {
    name: 'issuer-changed',
    // Before the exporter starts, because it queries the issuer only twice an hour.
    options: {
      runExporterPod: (world) => {
        runDayPods(world, 10, 60);
        world.cluster.changeIssuer('https://other.example');
        return scenarios.runExporter(world, EXPORTER);
      },
    },
    start: () => undefined,
    resolve: ({ world }) => rotateAll(world),
    alert: 'SATokenIssuerMismatch',
    severity: 'critical',
    description: /has now \(10\)/,
  },
  {
    name: 'signature-invalid',
    start: scenario(scenarios.signatureAltered),
    resolve: rotate,
    alert: 'SATokenSignatureInvalid',
    severity: 'critical',
  },
  {
    name: 'token-rejected',
    options: { args: ['--cluster.token-review=all'] },
    start: (served) => {
      scenario(scenarios.aged((name) => scenarios.vaultPod(name), 60))(served);
      markAccountDeleted(served.world, new Date(0).toISOString());
    },
    resolve: ({ world }) => markAccountDeleted(world, undefined),
    alert: 'SATokenRefused',
    severity: 'critical',
  },
  {
    name: 'audience-mismatch',
    start: scenario(scenarios.aged((name) => scenarios.vaultPod(name, 'valut', 7_200), 60)),
    resolve: removePod,
    alert: 'SATokenAudienceMismatch',
    severity: 'warning',
    description: /^Service account demo\/victim \(tokens: 1\), volume vault-token/,
  },
  {
    name: 'token-copied',
    start: scenario(scenarios.tokenOfAnotherPod),
    resolve: rotate,
    alert: 'SATokenPodMismatch',
    severity: 'critical',
  },
];
