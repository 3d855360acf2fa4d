import { ConfigError } from '../config';

/** Something that a person can mend: the message says what is wrong and what to do, for whoever runs the bot. */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError';
}

/**
 * Turns what stopped the start into a text for the person who started it.
 *
 * @param error what was thrown
 * @returns one sentence or a list of them; the stack of what nobody expected
 */
export function explainStart(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof OperatorError) return `The bot cannot start. ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
