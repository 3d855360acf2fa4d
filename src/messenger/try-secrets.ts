import { createGraphApi, type GraphApiOptions } from './graph-api';
import { GraphError } from './graph-error';

/**
 * Tries whether Graph takes a token and an app secret.
 *
 * @param options where Graph answers, and the secrets
 * @returns why they are refused; undefined where they are not, or where that cannot be told because Graph is out of reach
 */
export async function trySecrets(options: GraphApiOptions): Promise<string | undefined> {
  try {
    await createGraphApi(options).get('', { fields: 'id' });
    return undefined;
  } catch (error) {
    const isRefused = error instanceof GraphError && (error.kind === 'token_invalid' || error.kind === 'app_invalid');
    return isRefused ? `${error.message.replace(/\.+$/, '')}. ${error.advice}` : undefined;
  }
}
