import type { Config, Secrets } from '../config';

/** Holds the secrets that are in use. */
export interface SecretKeeper {
  readonly now: () => Secrets;
  /** All that are, or were, in use: what was secret stays so. It grows. */
  readonly ever: readonly Secrets[];
  /** From now on these are in use. */
  replace(secrets: Secrets): void;
}

/** The secrets among the settings. */
export function secretsOf({ pageAccessToken, verifyToken, appSecrets }: Config): Secrets {
  return { pageAccessToken, verifyToken, appSecrets };
}

export function createSecretKeeper(first: Secrets): SecretKeeper {
  const ever: Secrets[] = [first];
  let now = first;
  return {
    now: () => now,
    ever,
    replace(secrets) {
      now = secrets;
      ever.push(secrets);
    },
  };
}
