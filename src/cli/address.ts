/** An address in the one form that all its spellings have: `HTTPS://Bot.Example:443` and `https://bot.example/` are the same. */
export function normalise(address: string): string {
  return URL.canParse(address) ? new URL(address).href : address;
}

/** As much of an address as may be shown: user, password and query may be secret. */
export function showAddress(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url?.host) return address.replace(/^.*@/s, '').replace(/[?#].*$/s, '');
  return `${url.protocol}//${url.host}${url.pathname}${url.search === '' ? '' : '?…'}`;
}
