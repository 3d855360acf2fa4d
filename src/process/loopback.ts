/**
 * Whether an address is this machine's own: what goes there crosses no network.
 *
 * @param hostname as `URL` gives it, an IPv6 address in brackets
 */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
