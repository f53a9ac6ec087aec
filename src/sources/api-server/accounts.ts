/**
 * What a ServiceAccount of the API comes down to here.
 *
 * Knows nothing of how it came here.
 */
import { type JsonObject, namespaceName, object, objectName, objectUid } from '../../core/claim-rules.ts';
import type { AccountFacts } from '../../core/cluster-facts.ts';
import { boolean, optional, parsed, required } from './fields.ts';
import type { Trimmed } from './replica.ts';

export const ACCOUNTS_PATH = '/api/v1/serviceaccounts';

/** The account by `namespace/name`; undefined where the object is none. */
export function trimAccount(account: JsonObject): Trimmed<AccountFacts> | undefined {
  return parsed(() => {
    const metadata = required(account, 'metadata', object);
    const namespace = required(metadata, 'namespace', namespaceName);
    const name = required(metadata, 'name', objectName);
    const uid = required(metadata, 'uid', objectUid);
    const isAutomounted = optional(account, 'automountServiceAccountToken', boolean);
    return { key: `${namespace}/${name}`, value: { uid, isAutomounted } };
  });
}
