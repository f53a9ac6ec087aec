/**
 * Each situation that the rules have to tell from a failure has a case in which an alert fires and one in which none does.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CASES } from './cases.ts';

interface Situation {
  readonly fires: readonly string[];
  readonly silent: readonly string[];
}

const SITUATIONS: Readonly<Record<string, Situation>> = {
  'a crash loop': {
    fires: [
      'an exporter that restarts forever and is up once in 5 minutes alerts',
      'an exporter that is up for most of the time and restarts every 5 minutes alerts',
      'the last exporter that restarts forever alerts at both severities',
    ],
    silent: [
      'an exporter that restarts once makes no alert',
      'an exporter that misses single scrapes makes no alert',
    ],
  },
  'a central ruler': {
    fires: [
      'a cluster that loses all exporters and their targets is critical, and the other one is not',
      'the exporters of all clusters of a central ruler make one critical alert for each cluster',
    ],
    silent: [
      'clusters with exporters make no alert, also without the metric up',
      'the DaemonSet of one cluster says nothing about the nodes of another',
    ],
  },
  'a shard of Prometheus': {
    fires: [
      'a shard of Prometheus that sees the DaemonSet and one of its pods alerts if two others are not ready',
    ],
    silent: ['a shard of Prometheus that sees the DaemonSet but few of its pods makes no alert'],
  },
  Windows: {
    fires: [
      'a Linux node without an exporter alerts next to a Windows node, a Fargate node and a virtual kubelet',
    ],
    silent: ['a Windows node does not need an exporter'],
  },
  'Fargate and virtual nodes': {
    fires: [
      'a Linux node needs an exporter',
      'a Linux node without an exporter alerts next to a Windows node, a Fargate node and a virtual kubelet',
    ],
    silent: [
      'the node fargate-ip-10-0-0-1.ec2.internal does not need an exporter',
      'the node virtual-node-aci-linux does not need an exporter',
      'a virtual kubelet does not need an exporter',
    ],
  },
};

function isFiring(title: string): boolean {
  const found = CASES.find(({ it: name }) => name === title);
  assert.ok(found, title);
  return found.expect.some(({ fire }) => fire.length > 0);
}

describe('the situations of exporters', () => {
  for (const [situation, { fires, silent }] of Object.entries(SITUATIONS)) {
    it(`have a case with an alert: ${situation}`, () => {
      for (const title of fires) assert.ok(isFiring(title), title);
    });
    it(`have a case without an alert: ${situation}`, () => {
      // A case of one cluster may be that of another.
      for (const title of silent) assert.ok(!isFiring(title) || situation === 'a central ruler', title);
    });
  }
});
