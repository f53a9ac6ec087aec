/**
 * The way to the API server for those who come with a bearer token, wired to who listens.
 *
 * A way of its own, so that whoever asks for metrics never holds up what is asked about tokens. Knows which
 * configuration is taken, nothing of what is asked.
 */

import { kubeconfigOf } from '../config/kubeconfig-path.ts';
import type { Config } from '../config/options.ts';
import type { AccessReviewer, AccessReviewerOptions } from '../web/auth/access-review.ts';
import type { ApiServerOptions } from './connect-api-server.ts';

export interface AccessWiring
  extends Pick<ApiServerOptions, 'environment' | 'userAgent' | 'clock' | 'onRequest' | 'mayStartPrograms'>,
    Pick<AccessReviewerOptions, 'onFailure'> {
  readonly config: Pick<Config, 'kubeconfig'>;
}

export type JoinedAccess =
  | { readonly ok: true; readonly reviewer: AccessReviewer }
  /** In words that are safe to show. */
  | { readonly ok: false; readonly problem: string };

/** Loaded only here: where nobody has to show a token, the client costs no memory. Asks whatever `--cluster.mode` says. */
export async function joinAccess(wiring: AccessWiring): Promise<JoinedAccess> {
  const { config, environment } = wiring;
  const [{ connect }, { createApi }, { createAccessReviewer }] = await Promise.all([
    import('../sources/api-server/connection.ts'),
    import('../sources/api-server/api.ts'),
    import('../web/auth/access-review.ts'),
  ]);
  const connected = await connect({
    ...wiring,
    kubeconfig: kubeconfigOf({ ...config, clusterMode: 'on' }, environment) ?? '',
  });
  if (!connected.ok) return { ok: false, problem: connected.error };
  const connection = connected.value;
  const { review, close } = createAccessReviewer({ ...wiring, api: createApi(connection, wiring.clock) });
  const closeAll = (): void => {
    close();
    connection.close();
  };
  return { ok: true, reviewer: { review, close: closeAll } };
}
