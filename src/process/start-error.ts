import { ConfigError } from '../config';

/** The bot cannot start; the message says why and what to do, for the person who started it. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/**
 * Turns what stopped the start into a text for the person who started it.
 *
 * @param error what was thrown
 * @returns one sentence or a list of them; the stack of what nobody expected
 */
export function explainStart(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof StartError) return `The bot cannot start. ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
