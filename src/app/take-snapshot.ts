/**
 * Creates the function that takes snapshots, from the options that say what is expected of tokens.
 */
import type { Config } from '../config/options.ts';
import type { Problems } from '../config/yaml-file.ts';
import type { AudienceRule } from '../core/audiences/audience.ts';
import { createTakeSnapshot, type TakeSnapshot } from '../core/snapshot.ts';
import { ok, type Result } from '../util/result.ts';

async function loadRules({ audienceRules }: Config): Promise<Result<readonly AudienceRule[], Problems>> {
  if (audienceRules === undefined) return ok([]);
  const { readAudienceRules } = await import('../config/audience-rules.ts');
  return readAudienceRules(audienceRules);
}

/** An error is every problem in the file of audience rules. */
export async function loadTakeSnapshot(config: Config): Promise<Result<TakeSnapshot, Problems>> {
  const rules = await loadRules(config);
  if (!rules.ok) return rules;
  const audience = { rules: rules.value, useCatalogue: config.useCatalogue };
  const { rotationGrace, syncFrequency } = config;
  return ok(createTakeSnapshot({ rotationGrace, syncFrequency, audience }));
}
