/**
 * A KUBECONFIG file for an API server and a token.
 */
import { stringify } from 'yaml';

export interface KubeconfigOptions {
  readonly url: string;
  readonly token: string;
  /** Certificates, in PEM, that the server's may be signed by. */
  readonly ca?: string;
}

const NAME = 'simulated';

export function kubeconfigFor({ url, token, ca }: KubeconfigOptions): string {
  const trusted =
    ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: NAME, cluster: { server: url, ...trusted } }],
    users: [{ name: NAME, user: { token } }],
    contexts: [{ name: NAME, context: { cluster: NAME, user: NAME } }],
    'current-context': NAME,
  });
}
