import { readPagesFile } from '../process/pages-file';
import { createWipe, secretsInUrl, tellingFormsOf } from '../process/wipe';
import type { Terminal } from './terminal';

/**
 * Wipes the secrets from whatever is written: an answer from outside may repeat what it was asked.
 *
 * @param env holds the secrets, or the name of the file that does; it may be completed later
 */
export function hush(terminal: Terminal, env: Readonly<Record<string, string | undefined>>): Terminal {
  let known: string | undefined;
  let wipe = createWipe([]);
  const silent = (text: string): string => {
    const { PAGE_ACCESS_TOKEN: token = '', VERIFY_TOKEN: verifyToken = '', APP_SECRET: appSecrets = '' } = env;
    const { DATABASE_URL: databaseUrl = '', PGPASSWORD: databasePassword = '' } = env;
    const file = env['PAGES_FILE']?.trim() ?? '';
    const others = [token, verifyToken, ...appSecrets.split(',')].map((secret) => secret.trim());
    const secrets = [...secretsInUrl(databaseUrl.trim()), databasePassword, ...others];
    const all = JSON.stringify([file, secrets]);
    if (all !== known) wipe = createWipe(tellingFormsOf([...secrets, ...tokensIn(file)]));
    known = all;
    return wipe(text);
  };
  return {
    ...terminal,
    write: (text) => terminal.write(silent(text)),
    complain: (text) => {
      terminal.complain(silent(text));
    },
  };
}

/** Of a file with a mistake in it no token is used, so that nothing can repeat one. */
function tokensIn(file: string): readonly string[] {
  if (file === '') return [];
  try {
    return readPagesFile(file).map(({ accessToken }) => accessToken);
  } catch {
    return [];
  }
}
