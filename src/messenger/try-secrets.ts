import { createGraphApi, type GraphApiOptions, type GraphSecrets } from './graph-api';
import { GraphError } from './graph-error';
import { getTokenOwner } from './page-setup';

/**
 * Tries whether Graph takes a token and an app secret, and whether the token is of the same Page as the one before.
 *
 * @param options where Graph answers, and the secrets
 * @param before the secrets that were in use
 * @returns why they are refused; undefined where they are not, or where that cannot be told because Graph is out of reach
 */
export async function trySecrets(options: GraphApiOptions, before: GraphSecrets): Promise<string | undefined> {
  const pageOf = (secrets: GraphSecrets) => getTokenOwner(createGraphApi({ ...options, ...secrets, node: '' }));
  const [page, pageBefore] = await Promise.allSettled([pageOf(options), pageOf(before)]);
  if (page.status === 'rejected') {
    const error: unknown = page.reason;
    const isRefused = error instanceof GraphError && (error.kind === 'token_invalid' || error.kind === 'app_invalid');
    return isRefused ? `${error.message.replace(/\.+$/, '')}. ${error.advice}` : undefined;
  }
  if (pageBefore.status === 'rejected') return undefined; // it is no longer valid: nobody can tell
  const [id, idBefore] = [page.value.id, pageBefore.value.id];
  if (id === idBefore) return undefined;
  return `The new token is of another Page (${id}) than the one before (${idBefore}). To change the Page, restart the bot.`;
}
