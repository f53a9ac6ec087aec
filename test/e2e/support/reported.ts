/**
 * What a snapshot reports, in short form.
 */
import type { Pod } from '../../../simulator/objects.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import {
  type SteppedExporter,
  type SteppedOptions,
  startSteppedExporter,
} from '../../support/stepped-exporter.ts';

export const START = 1_795_000_000;

/** Every problem as `pod: reason`, sorted. */
export function problemsOf({ assessments, missingTokens }: Snapshot): readonly string[] {
  const failing = assessments.flatMap(({ token, failures }) =>
    failures.map(({ check }) => `${token.identity.pod}: ${check.reason}`),
  );
  const missing = missingTokens.map(({ identity, check }) => `${identity.pod}: ${check.reason}`);
  return [...failing, ...missing].sort();
}

/** Every cause as `pod: cause`, sorted. */
export function causesOf({ causes }: Snapshot): readonly string[] {
  return [...causes].map(([{ identity }, { cause }]) => `${identity.pod}: ${cause}`).sort();
}

/** Runs a test with its own exporter and closes it. */
export function withExporter(
  test: (exporter: SteppedExporter) => Promise<void>,
  options: SteppedOptions = {},
): () => Promise<void> {
  return async () => {
    const exporter = await startSteppedExporter(START, options);
    try {
      await test(exporter);
    } finally {
      await exporter.close();
    }
  };
}

/** Stores a pod of the node that has not started. */
export function setPending({ world }: SteppedExporter, pod: Pod): void {
  world.cluster.setPod({ ...pod, status: { ...pod.status, phase: 'Pending' } });
}
