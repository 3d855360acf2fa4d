import { createHmac } from 'node:crypto';
import type { Config } from '../config';

/** Names a person where others may read it, by their page-scoped id. */
export type PersonName = (psid: string) => string;

/**
 * Makes what names people in log lines and to operators: by a hash that is the same each time, and that nobody can make who does
 * not know the secrets of this bot. With LOG_PSID=true by the id itself.
 *
 * @param config the settings; `logPsid` and the secrets are used
 */
export function createPersonName({ logPsid, appSecrets, verifyToken }: Config): PersonName {
  if (logPsid) return (psid) => psid;
  const key = `people of ${appSecrets[0] ?? verifyToken}`;
  return (psid) => `p-${createHmac('sha256', key).update(psid).digest('hex').slice(0, 10)}`;
}

/** The shortest page-scoped id: what is shorter would be found in other numbers. */
const SHORTEST_PSID = 8;

/** Replaces a person's page-scoped id in a text by the person's name. */
export function hidePerson(text: string, psid: string, name: string): string {
  return psid.length < SHORTEST_PSID ? text : text.replaceAll(psid, name);
}
