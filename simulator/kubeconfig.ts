/**
 * Writes a kubeconfig for a server URL and a bearer token, or the file that holds it.
 */
import { stringify } from 'yaml';

export interface KubeconfigOptions {
  readonly url: string;
  readonly token?: string;
  /** A file that holds the token, and that clients read again. */
  readonly tokenFile?: string;
  /** CA bundle in PEM. */
  readonly ca?: string;
}

const NAME = 'simulated';

/** Over plain HTTP, clients require `insecure-skip-tls-verify`. */
function tlsSettings({ url, ca }: KubeconfigOptions): object {
  if (ca !== undefined) return { 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  return url.startsWith('http:') ? { 'insecure-skip-tls-verify': true } : {};
}

export function kubeconfigFor(options: KubeconfigOptions): string {
  const { url, token, tokenFile } = options;
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: NAME, cluster: { server: url, ...tlsSettings(options) } }],
    users: [{ name: NAME, user: tokenFile === undefined ? { token } : { tokenFile } }],
    contexts: [{ name: NAME, context: { cluster: NAME, user: NAME } }],
    'current-context': NAME,
  });
}
