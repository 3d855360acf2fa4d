import { secretsInUrl, tellingFormsOf, wipe } from '../process/wipe';
import type { Terminal } from './terminal';

/**
 * Wipes the secrets from whatever is written: an answer from outside may repeat what it was asked.
 *
 * @param env holds the secrets; it may be completed later
 */
export function hush(terminal: Terminal, env: Readonly<Record<string, string | undefined>>): Terminal {
  const silent = (text: string): string => {
    const { PAGE_ACCESS_TOKEN: token = '', VERIFY_TOKEN: verifyToken = '', APP_SECRET: appSecrets = '' } = env;
    const { DATABASE_URL: databaseUrl = '', PGPASSWORD: databasePassword = '' } = env;
    const secrets = [token, verifyToken, ...appSecrets.split(',')].map((secret) => secret.trim());
    const ofDatabase = [...secretsInUrl(databaseUrl.trim()), databasePassword];
    return wipe(text, tellingFormsOf([...ofDatabase, ...secrets]));
  };
  return {
    ...terminal,
    write: (text) => terminal.write(silent(text)),
    complain: (text) => {
      terminal.complain(silent(text));
    },
  };
}
