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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
