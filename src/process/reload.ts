import { openSync, closeSync } from 'node:fs';
import { ConfigError, loadConfig, type Config } from '../config';
import type { Logger } from './logger';
import { OperatorError } from './operator-error';
import type { Page, PageBook } from './page-book';
import { secretsOf, type SecretKeeper, type Secrets } from './secret-keeper';

export interface ReloadOptions {
  /** The settings of the start: but for the secrets they stay. */
  readonly config: Config;
  readonly secrets: SecretKeeper;
  readonly log: Logger;
  /**
   * Tries new secrets before they are used.
   *
   * @returns why they are refused; undefined where they are not, or where that cannot be told
   */
  readonly refusal: (secrets: Secrets) => Promise<string | undefined>;
  /** Called when new secrets are in use. */
  readonly replaced: () => Promise<void>;
}

/** Where the secrets stand. */
const secretNames = ['pageAccessToken', 'pagesFile', 'verifyToken', 'appSecrets'] as const;

/** So many Pages are named in a line. */
const MOST_NAMED = 20;

/**
 * Makes what reads the secrets anew while the bot runs, and the Pages with them. New ones are used only if they are well formed and
 * not refused: otherwise the old ones stay, all of them, and a line says why.
 *
 * @returns takes what reads the environment
 */
export function createReload({ config, secrets, log, refusal, replaced }: ReloadOptions) {
  let underWay = Promise.resolve();

  /** @throws {ConfigError} when they must not be used */
  const readAgain = (environment: NodeJS.ProcessEnv): { readonly read: Config; readonly next: Secrets } => {
    const read = loadConfig(environment);
    if (secrets.now().appSecrets.length > 0 && read.appSecrets.length === 0) {
      throw new ConfigError([
        'APP_SECRET is missing: without it anyone could forge events. To run without it, restart the bot.',
      ]);
    }
    if ((read.pagesFile === undefined) !== (config.pagesFile === undefined)) {
      throw new ConfigError([
        'PAGES_FILE takes the place of PAGE_ACCESS_TOKEN, or gives it back, at a start only: restart the bot.',
      ]);
    }
    return { read, next: secretsOf(read) };
  };

  const reload = async (environment: () => NodeJS.ProcessEnv): Promise<void> => {
    let again: ReturnType<typeof readAgain>;
    try {
      again = readAgain(environment());
    } catch (error) {
      log.error({ problems: problemsOf(error) }, 'the settings were read again and are wrong: the old ones stay');
      return;
    }
    const { read, next } = again;
    const before = secrets.now();
    const changed = [
      ...(differs(next.pages.pages, before.pages.pages)
        ? [config.pagesFile === undefined ? 'PAGE_ACCESS_TOKEN' : 'PAGES_FILE']
        : []),
      ...(next.verifyToken === before.verifyToken ? [] : ['VERIFY_TOKEN']),
      ...(differs(next.appSecrets, before.appSecrets) ? ['APP_SECRET'] : []),
    ];
    const ignored = ignoredIn(read, config);
    if (changed.length === 0) {
      log.info(
        { ...ignored },
        'the settings were read again: no secret has changed. What stands in the environment itself wins over .env',
      );
      return;
    }
    const reason = await refusal(next);
    if (reason !== undefined) {
      log.error({ changed, reason }, 'the settings were read again, but Graph refuses the new ones: the old ones stay');
      return;
    }
    secrets.replace(next);
    log.info(
      { changed, ...(config.pagesFile !== undefined && changesOf(next.pages, before.pages)), ...ignored },
      'secrets were replaced; what is held is tried at once',
    );
    await replaced();
  };

  return (environment: () => NodeJS.ProcessEnv): Promise<void> => {
    underWay = underWay.then(() => reload(environment));
    return underWay;
  };
}

/** The Pages that have joined or left, and those with a new token. */
function changesOf(next: PageBook, before: PageBook): Readonly<Record<string, readonly string[]>> {
  const missingIn = (other: PageBook) => (page: Page) => other.of(page.key)?.key !== page.key;
  const lists = {
    joined: next.pages.filter(missingIn(before)),
    left: before.pages.filter(missingIn(next)),
    newToken: next.pages.filter(({ key, accessToken }) => (before.of(key)?.accessToken ?? accessToken) !== accessToken),
  };
  return Object.fromEntries(
    Object.entries(lists).flatMap(([what, pages]) => (pages.length > 0 ? [[what, namesOf(pages)] as const] : [])),
  );
}

function namesOf(pages: readonly Page[]): readonly string[] {
  const more = pages.length - MOST_NAMED;
  const names = pages.slice(0, MOST_NAMED).map(({ name, key }) => name ?? key);
  return more > 0 ? [...names, `and ${more} more`] : names;
}

/** What has changed, too, but counts from the next start on only. */
function ignoredIn(read: Config, config: Config): { readonly needsRestart?: readonly string[] } {
  const others = (Object.keys(config) as (keyof Config)[]).filter((name) => !secretNames.some((one) => one === name));
  const needsRestart = others.filter((name) => differs(read[name], config[name])).map(variableOf);
  return needsRestart.length > 0 ? { needsRestart } : {};
}

/** The environment's name of a setting. */
function variableOf(name: keyof Config): string {
  if (name === 'production') return 'NODE_ENV';
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function differs(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}

function problemsOf(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.problems;
  if (error instanceof OperatorError) return [error.message];
  return [String(error)];
}

/**
 * Whether the terminal that the program runs on is there still: a SIGHUP also tells that it is gone.
 *
 * @param terminal the file that stands for it
 */
export function hasTerminal(terminal: string): boolean {
  try {
    closeSync(openSync(terminal, 'r'));
    return true;
  } catch {
    return false;
  }
}
