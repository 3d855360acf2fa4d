import { openSync, closeSync } from 'node:fs';
import { ConfigError, loadConfig, type Config, type Secrets } from '../config';
import type { Logger } from './logger';
import { OperatorError } from './operator-error';
import { secretsOf, type SecretKeeper } from './secret-keeper';

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

const secretNames = ['pageAccessToken', 'verifyToken', 'appSecrets'] as const;

/**
 * Makes what reads the secrets anew while the bot runs. New ones are used only if they are well formed and not refused: otherwise
 * the old ones stay, all of them, and a line says why.
 *
 * @returns takes what reads the environment
 */
export function createReload({ config, secrets, log, refusal, replaced }: ReloadOptions) {
  let underWay = Promise.resolve();

  const reload = async (environment: () => NodeJS.ProcessEnv): Promise<void> => {
    let read: Config;
    try {
      read = loadConfig(environment());
    } catch (error) {
      log.error({ problems: problemsOf(error) }, 'the settings were read again and are wrong: the old ones stay');
      return;
    }
    const before = secrets.now();
    if (before.appSecrets.length > 0 && read.appSecrets.length === 0) {
      const problems = [
        'APP_SECRET is missing: without it anyone could forge events. To run without it, restart the bot.',
      ];
      log.error({ problems }, 'the settings were read again and are wrong: the old ones stay');
      return;
    }
    const names = secretNames.filter((name) => differs(read[name], before[name]));
    const ignored = ignoredIn(read, config);
    if (names.length === 0) {
      log.info(
        { ...ignored },
        'the settings were read again: no secret has changed. What stands in the environment itself wins over .env',
      );
      return;
    }
    const next = secretsOf(read);
    const changed = names.map(variableOf);
    const reason = names.some((name) => name !== 'verifyToken') ? await refusal(next) : undefined;
    if (reason !== undefined) {
      log.error({ changed, reason }, 'the settings were read again, but Graph refuses the new ones: the old ones stay');
      return;
    }
    secrets.replace(next);
    log.info({ changed, ...ignored }, 'secrets were replaced; what is held is tried at once');
    await replaced();
  };

  return (environment: () => NodeJS.ProcessEnv): Promise<void> => {
    underWay = underWay.then(() => reload(environment));
    return underWay;
  };
}

/** What has changed, too, but counts from the next start on only. */
function ignoredIn(read: Config, config: Config): { readonly needsRestart?: readonly string[] } {
  const others = (Object.keys(config) as (keyof Config)[]).filter((name) => !secretNames.some((one) => one === name));
  const needsRestart = others.filter((name) => differs(read[name], config[name])).map(variableOf);
  return needsRestart.length > 0 ? { needsRestart } : {};
}

/** The environment's name of a setting. */
function variableOf(name: keyof Config): string {
  if (name === 'appSecrets') return 'APP_SECRET';
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
