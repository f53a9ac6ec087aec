/**
 * The network that counts as one client: an IPv4 address, or the /64 of an IPv6 address, the smallest prefix that one
 * subscriber controls.
 */
const IPV4_MAPPED = /^::ffff:(?=[\d.]+$)/i;
const GROUPS = 8;
const NETWORK_GROUPS = 4;

/** All eight groups of an IPv6 address. An embedded IPv4 address counts as two. */
function groupsOf(address: string): readonly string[] {
  const [head = [], tail = []] = address
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''));
  const dotted = Number(address.includes('.'));
  const zeros = Math.max(GROUPS - head.length - tail.length - dotted, 0);
  return [...head, ...Array<string>(zeros).fill('0'), ...tail];
}

/** Takes an address as the kernel prints it; undefined, once the client has disconnected, gives the empty string. */
export function networkOf(address: string | undefined): string {
  const plain = (address ?? '').replace(IPV4_MAPPED, '');
  if (!plain.includes(':')) return plain;
  const [withoutZone = ''] = plain.split('%');
  return `${groupsOf(withoutZone).slice(0, NETWORK_GROUPS).join(':')}::/64`;
}
