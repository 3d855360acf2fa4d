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

/** A text with `[redacted]` in the place of each of the forms. */
export function wipe(text: string, forms: readonly string[]): string {
  return forms.reduce((rest, form) => rest.replaceAll(form, '[redacted]'), text);
}

/** What nobody else may see of the address of a database: its password as it is and as it stands there, and the whole. */
export function secretsInUrl(address: string): readonly string[] {
  if (!URL.canParse(address)) return [address];
  const { password, searchParams } = new URL(address);
  return [address, password, decodePart(password) ?? '', searchParams.get('password') ?? ''];
}
