/** An address in the one form that all its spellings have: `HTTPS://Bot.Example:443` and `https://bot.example/` are the same. */
export function normalise(address: string): string {
  return parse(address)?.href ?? address;
}

/** As much of an address as may be shown: user, password and query may be secret. */
export function showAddress(address: string): string {
  const url = parse(address);
  if (!url?.host) return address.replace(/^.*@/s, '').replace(/[?#].*$/s, '');
  return `${url.protocol}//${url.host}${url.pathname}${url.search === '' ? '' : '?…'}`;
}

/** Not by `URL.canParse`: in Node.js 20 it says of some addresses with an umlaut, now and then, that they are none. */
function parse(address: string): URL | undefined {
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
}
