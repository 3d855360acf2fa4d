import { decodePart } from '../config';

/** Shorter values would also match ordinary words; they are kept out of sight by never being written. */
const SHORTEST_SECRET_TO_WIPE = 12;

/** How a secret can stand in a text: as it is, in an address, in the query of one, and in JSON. */
export function formsOf(secret: string): readonly string[] {
  const inQuery = new URLSearchParams({ '': secret }).toString().slice(1);
  return [...new Set([secret, encodeURIComponent(secret), inQuery, JSON.stringify(secret).slice(1, -1)])];
}

/** The forms of those secrets that are long enough not to be found by chance. */
export function tellingFormsOf(secrets: readonly string[]): readonly string[] {
  return secrets.filter((secret) => secret.length >= SHORTEST_SECRET_TO_WIPE).flatMap(formsOf);
}

/** So many characters tell whether a text may hold one of many secrets: tokens of one app begin alike. */
const BEGINNING = 6;

/**
 * Makes what wipes secrets from texts. That takes no longer for hundreds of them than for one, unless a text holds what one of them
 * begins with.
 *
 * @param forms of all secrets
 * @returns gives a text back with `[redacted]` in the place of each of them
 */
export function createWipe(forms: readonly string[]): (text: string) => string {
  const beginnings = new Set(forms.map((form) => form.slice(0, BEGINNING).replaceAll(/[^A-Za-z0-9]/g, '\\$&')));
  const maySpeak = new RegExp([...beginnings].join('|'));
  return (text) =>
    maySpeak.test(text) ? forms.reduce((rest, form) => rest.replaceAll(form, '[redacted]'), text) : text;
}

/** What nobody else may see of the address of a database: its password as it is and as it stands there, and the whole. */
export function secretsInUrl(address: string): readonly string[] {
  if (!URL.canParse(address)) return [address];
  const { password, searchParams } = new URL(address);
  return [address, password, decodePart(password) ?? '', searchParams.get('password') ?? ''];
}
