/**
 * Certificates made with openssl: for servers and clients, vouched for by themselves or by another of them.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** In PEM, both. */
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** As openssl has them: `DNS:a,IP:127.0.0.1`. */
  readonly names?: string;
  readonly signedBy?: Certificate;
}

/** Makes a key and a certificate of a name in a folder. */
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
