/**
 * Where a peer comes from, as far as one subscriber reaches: an IPv4 address, or 64 bits of an IPv6 one.
 *
 * Takes addresses as the kernel prints them. Knows nothing of who is there.
 */
const MAPPED = /^::ffff:(?=[\d.]+$)/i;
const GROUPS = 8;
const NETWORK_GROUPS = 4;

/** All eight groups. An IPv4 address at the end is two. */
function groupsOf(address: string): readonly string[] {
  const [head = [], tail = []] = address
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''));
  const dotted = Number(address.includes('.'));
  const zeros = Math.max(GROUPS - head.length - tail.length - dotted, 0);
  return [...head, ...Array<string>(zeros).fill('0'), ...tail];
}

/** Addresses of one network answer the same text, others another; one that has gone is of none. */
export function networkOf(address: string | undefined): string {
  const plain = (address ?? '').replace(MAPPED, '');
  if (!plain.includes(':')) return plain;
  const [bare = ''] = plain.split('%');
  return `${groupsOf(bare).slice(0, NETWORK_GROUPS).join(':')}::/64`;
}
