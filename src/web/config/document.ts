/**
 * Reads a web configuration file in the format of Prometheus's exporter-toolkit (docs/web-configuration.md there).
 *
 * Stricter than that where its leniency would leave a door open. Knows what the file says, not what is in the files that
 * it names.
 */
import type { Document } from 'yaml';
import { parseYaml, type Read, type Reading } from '../../config/yaml-file.ts';
import { readHeaders } from './headers.ts';
import { readRateLimit } from './rate-limit.ts';
import * as read from './section.ts';
import type { WebSettings } from './settings.ts';
import { readTls, TLS_KEYS, type TlsDocument } from './tls-section.ts';
import { readUsers } from './users.ts';

export interface WebDocument extends Omit<WebSettings, 'tls'> {
  readonly tls: TlsDocument | undefined;
}

function readDocument(reading: Reading, contents: Document['contents']): WebDocument {
  const web = read.openSection(reading, contents, 'the file', [
    'tls_server_config',
    'http_server_config',
    'basic_auth_users',
    'rate_limit',
  ]);
  const http = read.within(web, 'http_server_config', ['http2', 'headers']);
  // HTTP/2 is not spoken here: whoever offers it gets HTTP/1.1, whatever is said.
  read.boolean(http, 'http2');
  return {
    tls: readTls(read.within(web, 'tls_server_config', TLS_KEYS)),
    headers: readHeaders(http),
    users: readUsers(web),
    rateLimit: readRateLimit(read.within(web, 'rate_limit', ['burst', 'interval'])),
  };
}

/** Reads the text of a file; `file` is its name, for messages. */
export function parseWebConfig(text: string, file: string): Promise<Read<WebDocument>> {
  return parseYaml(text, file, readDocument);
}
