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

/** How to tell the server: by its certificate; over plain HTTP clients want to be told that there is nothing to tell. */
function trust({ url, ca }: KubeconfigOptions): object {
  if (ca !== undefined) return { 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  return url.startsWith('http:') ? { 'insecure-skip-tls-verify': true } : {};
}

export function kubeconfigFor(options: KubeconfigOptions): string {
  const { url, token } = options;
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: NAME, cluster: { server: url, ...trust(options) } }],
    users: [{ name: NAME, user: { token } }],
    contexts: [{ name: NAME, context: { cluster: NAME, user: NAME } }],
    'current-context': NAME,
  });
}
