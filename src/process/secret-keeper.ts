import type { Config } from '../config';
import { createPageBook, type PageBook } from './page-book';

/** What nobody else may know. It is replaced while the bot runs: ask for it each time it is used. */
export interface Secrets extends Pick<Config, 'verifyToken' | 'appSecrets'> {
  /** The Pages with their tokens. */
  readonly pages: PageBook;
}

/** Holds the secrets that are in use. */
export interface SecretKeeper {
  readonly now: () => Secrets;
  /** All texts that are, or were, in use: what was secret stays so. It grows. */
  readonly ever: ReadonlySet<string>;
  /** From now on these are in use. */
  replace(secrets: Secrets): void;
}

/**
 * The secrets among the settings; those of the Pages may stand in a file.
 *
 * @throws {ConfigError} when that file has a mistake
 */
export function secretsOf(config: Config): Secrets {
  const { verifyToken, appSecrets } = config;
  return { pages: createPageBook(config), verifyToken, appSecrets };
}

/** The texts that nobody may see. */
export function textsOf({ pages, verifyToken, appSecrets }: Secrets): readonly string[] {
  return [...pages.pages.map(({ accessToken }) => accessToken), verifyToken, ...appSecrets];
}

export function createSecretKeeper(first: Secrets): SecretKeeper {
  const ever = new Set(textsOf(first));
  let now = first;
  return {
    now: () => now,
    ever,
    replace(secrets) {
      now = secrets;
      for (const text of textsOf(secrets)) ever.add(text);
    },
  };
}
