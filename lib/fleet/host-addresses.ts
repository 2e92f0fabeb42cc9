/**
 * The option `hosts` of a root.
 * Floor 6: beside `fixed-hosts`, which is loaded only where there are hosts.
 */
import {formatAddress, type NetworkAddress, parseAddress} from '../transport/address.js';
import type {TlsOptions} from '../transport/tls.js';

/** The addresses of hosts. @throws TypeError for what is not a list of `tls:` addresses, or without certificates */
export function hostAddresses(hosts: unknown, tls: TlsOptions | undefined): NetworkAddress[] {
  if (typeof hosts === 'string')
    throw new TypeError(`hosts: ${hosts} is refused: this version takes a list of addresses, ['tls://gpu1:7400']`);
  if (!Array.isArray(hosts) || hosts.length === 0)
    throw new TypeError("hosts takes a list of addresses: ['tls://gpu1:7400']");
  if (!tls) throw new TypeError('hosts needs certificates: tls: {cert, key, ca}');
  return hosts.map(text => {
    const address = parseAddress(text as string);
    if (address.kind !== 'tls')
      throw new TypeError(`hosts: ${formatAddress(address)} is refused: a host is reached by tls://`);
    return address;
  });
}
