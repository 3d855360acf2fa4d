/**
 * What went wrong with a change to the store, in the system's words. Of a failed commit, lmdb only says that there is a cause,
 * which it may not know yet.
 *
 * @param error what the change was rejected with
 */
export async function describeCommitError(error: unknown): Promise<string> {
  const { commitError } = error as { commitError?: Promise<unknown> };
  if (!commitError) return messageOf(error);
  const later = new Promise((resolve) => setTimeout(resolve, 100, error));
  return messageOf(await Promise.race([commitError.catch((cause: unknown) => cause), later]));
}

/**
 * Whether a rejection that nobody handles is what lmdb leaves behind of a failed commit. Whoever asked for the change has been
 * told by a promise of its own.
 */
export function isLeftoverOfFailedCommit(reason: unknown): boolean {
  return reason instanceof Error && 'commitError' in reason;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
