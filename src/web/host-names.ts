/**
 * The host names that requests over the loopback interface may have.
 *
 * Any web site can let its own name resolve to a loopback address (DNS rebinding). Its page could then read the exporter
 * through a `kubectl port-forward` on the machine of the visitor. The browser sends the name of the site with it.
 *
 * Requests to other addresses have any name: the API server's proxy passes on its own, and an ingress that of a site.
 */
import { isIP } from 'node:net';

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;
/** Without a dot, such as `localhost`, a pod or a Service; or in a domain that only a cluster or a machine resolves. */
const PRIVATE = /^(?:[^.]+|.+\.(?:localhost|svc|cluster\.local))$/;

/** Returns the name or address of a Host header, without the port. */
function nameOf(host: string): string {
  const [, ipv6, name = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host.toLowerCase()) ?? [];
  return ipv6 ?? name.replace(/\.$/, '');
}

export interface HostNames {
  /** `localAddress`: that the client has connected to. */
  readonly isAllowed: (host: string | undefined, localAddress: string | undefined) => boolean;
}

/** `names`: allowed in addition, in lower case. Browsers send a Host header with every request. */
export function createHostNames(names: readonly string[]): HostNames {
  const isAllowed: HostNames['isAllowed'] = (host, localAddress = '') => {
    if (host === undefined || !LOOPBACK.test(localAddress)) return true;
    const name = nameOf(host);
    return isIP(name) !== 0 || PRIVATE.test(name) || names.includes(name);
  };
  return { isAllowed };
}
