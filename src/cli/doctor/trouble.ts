import type { Config } from '../../config';
import { GraphApiError, GraphConnectionError, type GraphError } from '../../messenger/graph-error';
import type { TokenOwner } from '../../messenger/page-setup';
import { NotChecked } from './not-checked';
import type { GraphAnswers } from './site';
import { describeConnection } from './visit';

const USUAL_ADDRESS = 'https://graph.facebook.com';

export const GENERATE =
  'Generate a new token (App Dashboard > Messenger > Settings, "Generate token" beside your Page) and put it into PAGE_ACCESS_TOKEN or PAGES_FILE.';

/** Whether it is the bot's signature that Graph refuses. */
export function isAboutSignature(error: unknown): error is GraphApiError {
  return error instanceof GraphApiError && /appsecret_proof/i.test(error.message);
}

/** Whether Graph itself has answered, with a refusal of this call. */
export function isRefusal(error: unknown): error is GraphApiError {
  return error instanceof GraphApiError && !['temporary', 'rate_limited', 'not_graph'].includes(error.kind);
}

/** Whether Graph does not know the version of the API that is asked for. */
export function isUnknownVersion(error: unknown): boolean {
  return error instanceof GraphApiError && error.code === 2500;
}

/** Whether Graph refuses the app itself: its number, or its secret. */
export function isAboutApp(error: unknown): error is GraphApiError {
  return isRefusal(error) && !isUnknownVersion(error) && ['token_invalid', 'app_invalid'].includes(error.kind);
}

/** What went wrong with a call, in a sentence. */
export function describe(error: GraphError): string {
  if (error instanceof GraphConnectionError)
    return `Graph did not answer ${error.path}: ${describeConnection(error.code)}.`;
  return error.message.replace(/\.?$/, '.');
}

/** What to do about it; an address of one's own may be the reason. */
export function remedyFor(error: GraphError, { graphApiUrl }: Config): string {
  const hint = `GRAPH_API_URL is ${graphApiUrl}, not ${USUAL_ADDRESS}: is that meant?`;
  return graphApiUrl === USUAL_ADDRESS ? error.advice : `${error.advice} ${hint}`;
}

/**
 * Waits until it is known that calls of the Page come through.
 *
 * @returns whom the token speaks for
 * @throws {NotChecked} naming the check that says why they do not
 */
export async function requirePage({ owner }: GraphAnswers): Promise<TokenOwner> {
  try {
    return await owner();
  } catch (error) {
    if (isAboutSignature(error)) throw new NotChecked('Graph refuses the signature: see App secret.');
    if (isRefusal(error) && !isUnknownVersion(error)) throw new NotChecked('Graph refuses the token: see Token.');
    throw new NotChecked('Graph does not answer as it should: see Graph.');
  }
}

/**
 * Waits until it is known that calls of the app come through.
 *
 * @throws {NotChecked} naming the check that says why they do not
 * @throws {GraphError} when only this call failed
 */
export async function requireApp({ owner, token }: GraphAnswers): Promise<void> {
  const reached = await owner().then(
    () => true,
    (error: unknown) => isRefusal(error) && !isUnknownVersion(error),
  );
  try {
    await token();
  } catch (error) {
    if (error instanceof NotChecked) throw error;
    if (!reached) throw new NotChecked('Graph does not answer as it should: see Graph.');
    if (isAboutSignature(error) || isAboutApp(error)) {
      throw new NotChecked('Graph refuses the app: see App secret.');
    }
    if (!isRefusal(error)) throw error;
  }
}
