import { statSync } from 'node:fs';
import dotenv from 'dotenv';
import { OperatorError } from './operator-error';

/**
 * Completes the environment from a file named `.env` in the folder that the program is started in. What the environment holds
 * wins, but for empty values: these count as unset, as everywhere.
 *
 * @param env the environment; it is changed
 * @returns the same
 * @throws {OperatorError} when there is such a file but it cannot be read
 */
export function completeEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  unsetEmpty(env);
  // Whoever reads a pipe waits for its writer, and everything else with it.
  if (!mayBeFile('.env')) {
    throw new OperatorError('The file .env is no regular file. Put the values into one, or into the environment.');
  }
  const { error } = dotenv.config({ processEnv: env, quiet: true });
  unsetEmpty(env);
  if (error === undefined || Reflect.get(error, 'code') === 'ENOENT') return env;
  throw new OperatorError(`The file .env cannot be read (${error.message}). Let the user who starts the bot read it.`);
}

/** Whether a path is one of a regular file. Where that cannot be told, whoever reads it will say why. */
export function mayBeFile(place: string): boolean {
  try {
    return statSync(place).isFile();
  } catch {
    return true;
  }
}

function unsetEmpty(env: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(env)) if (value?.trim() === '') Reflect.deleteProperty(env, name);
}
