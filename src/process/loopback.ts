/**
 * Whether an address is this machine's own: what goes there crosses no network.
 *
 * @param hostname a name or an address; one of IPv6 in brackets, as `URL` gives it, or without
 */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|::1|\[::1\]|127(\.\d{1,3}){3})$/i.test(hostname);
}
