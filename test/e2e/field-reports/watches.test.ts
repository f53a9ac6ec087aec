/**
 * Watches that end as soon as they have begun, as after a restart of the API server.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Fault } from '../../../simulator/api/faults.ts';
import type { RequestRecord } from '../../../simulator/api/records.ts';
import { problemsOf, START, withExporter } from '../support/reported.ts';

/** The exporter waits longer from one attempt to the next. */
const FAST = { speed: 100 };

const ENDINGS: Readonly<Record<string, Fault>> = {
  'closed without an event': { kind: 'closed' },
  'ended by an ERROR event with 410': { kind: 'gone' },
};

const isAccountList = ({ resource, verb }: RequestRecord): boolean =>
  resource === 'serviceaccounts' && verb === 'list';

for (const [title, fault] of Object.entries(ENDINGS))
  describe(`watches that are ${title}`, () => {
    it(
      'lead to new lists, and to the right reports once they stay open',
      withExporter(async ({ world, api, stepTo, settle, sleep }) => {
        world.run({ name: 'web', serviceAccount: 'app' }, 300);
        await stepTo(START);
        const lists = (): number => api.requests().filter(isAccountList).length;
        const before = lists();
        const heal = api.chaos.inject(fault, { verb: 'watch' });
        api.chaos.endWatches();
        world.cluster.deleteServiceAccount('default', 'app');
        while (lists() < before + 2) await sleep(10);
        heal();
        const snapshot = await settle((current) => problemsOf(current).length > 0);
        assert.deepEqual(problemsOf(snapshot), ['web: service_account_missing']);
      }, FAST),
    );
  });

describe('a restart of the API server', () => {
  it(
    'leads to no false report about pods that changed meanwhile',
    withExporter(async ({ world, api, stepTo, advanceTo }) => {
      const pods = Array.from({ length: 8 }, (_, index) => world.run({ name: `old-${index}` }, 600));
      assert.deepEqual(problemsOf(await stepTo(START)), []);
      await api.chaos.down();
      for (const { metadata } of pods) world.kubelet.remove(metadata.uid);
      world.run({ name: 'new' });
      assert.deepEqual(problemsOf(await advanceTo(START + 150)), []);
      await api.chaos.up();
      assert.deepEqual(problemsOf(await advanceTo(START + 165)), []);
      assert.deepEqual(problemsOf(await stepTo(START + 180)), []);
      assert.deepEqual(problemsOf(await stepTo(START + 600)), []);
    }),
  );
});
