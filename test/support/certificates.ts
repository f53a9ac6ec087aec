/**
 * Creates certificates with openssl, self-signed or signed by another one.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** Both in PEM. */
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** In the format of openssl: `DNS:a,IP:127.0.0.1`. */
  readonly names?: string;
  readonly signedBy?: Certificate;
}

/** Creates `name.key` and `name.crt` in a folder. */
export function makeCertificate(
  folder: string,
  name: string,
  { names = 'IP:127.0.0.1', signedBy }: CertificateOptions = {},
): Certificate {
  const [keyFile, certFile] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`];
  const signer = signedBy === undefined ? [] : ['-CA', signedBy.certFile, '-CAkey', signedBy.keyFile];
  const files = ['-days', '1', '-keyout', keyFile, '-out', certFile];
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, ...signer, ...files], { stdio: 'ignore' });
  return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
}
