/**
 * A password, its hash by Apache's htpasswd (`htpasswd -nbBC 5`), and its Authorization header.
 */
export const PASSWORD = 'secret';
export const HASH = '$2y$05$tHAVsXEC/XgtT/XpDIqlUOvNRD6OK.1MnkiWAWI2s1fouEless30y';
/** The hash of another password. */
export const OTHER_HASH = HASH.slice(0, -1) + (HASH.endsWith('a') ? 'b' : 'a');

export function basic(user: string, password = PASSWORD): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
