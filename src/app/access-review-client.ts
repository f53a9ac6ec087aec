/**
 * Connects to the API server for access reviews: requests of clients must not delay requests about tokens, so they have
 * a connection of their own.
 */
import { findKubeconfig } from '../config/kubeconfig-path.ts';
import type { Config } from '../config/options.ts';
import { err, ok, type Result } from '../util/result.ts';
import type { AccessReviewer, AccessReviewerOptions } from '../web/auth/access-review.ts';
import type { ApiServerOptions } from './connect-api-server.ts';

export interface AccessReviewClientOptions
  extends Pick<ApiServerOptions, 'environment' | 'userAgent' | 'clock' | 'onRequest' | 'mayStartPrograms'>,
    Pick<AccessReviewerOptions, 'onFailure'> {
  readonly config: Pick<Config, 'kubeconfig'>;
}

const UNVERIFIED =
  'the identity of the API server is not verified, so no token can be sent to it; configure its certificate authority';

/**
 * Connects regardless of `--cluster.mode`. An error is safe to show.
 *
 * The client is imported here, so that it costs no memory without `--web.kubernetes-auth`.
 */
export async function connectAccessReviewer(
  options: AccessReviewClientOptions,
): Promise<Result<AccessReviewer, string>> {
  const { config, environment } = options;
  const [{ connect }, { createApi }, { createAccessReviewer }] = await Promise.all([
    import('../sources/api-server/client/connection.ts'),
    import('../sources/api-server/client/api.ts'),
    import('../web/auth/access-review.ts'),
  ]);
  const kubeconfig = findKubeconfig({ ...config, clusterMode: 'on' }, environment)?.files;
  const rejectUnauthorized = environment['NODE_TLS_REJECT_UNAUTHORIZED'];
  const connected = await connect({ ...options, kubeconfig, rejectUnauthorized });
  if (!connected.ok) return connected;
  const connection = connected.value;
  if (!connection.isVerified()) return err(UNVERIFIED);
  const { review, close } = createAccessReviewer({ ...options, api: createApi(connection, options.clock) });
  const closeAll = (): void => {
    close();
    connection.close();
  };
  return ok({ review, close: closeAll });
}
