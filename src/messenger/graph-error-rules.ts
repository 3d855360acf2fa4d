export type ErrorKind =
  | 'no_answer'
  | 'temporary'
  | 'rate_limited'
  | 'token_invalid'
  | 'not_thread_owner'
  | 'outside_window'
  | 'person_unreachable'
  | 'page_restricted'
  | 'permission_missing'
  | 'app_invalid'
  | 'bad_request'
  | 'not_graph';

/**
 * What a bot does about an error.
 * - `retry`: try this call again, with backoff
 * - `wait`: stop all calls for a while, then go on
 * - `hold`: every call will fail until a person has acted
 * - `give_up`: this call will never succeed, others will
 * - `doubt`: this call was refused; whether it alone, or every call, shows in what happens to the others
 */
export type GraphErrorAction = 'retry' | 'wait' | 'hold' | 'give_up' | 'doubt';

/** The facts of an error answer that tell what it means. */
export interface ErrorFacts {
  readonly code: number | undefined;
  readonly subcode: number | undefined;
  readonly message: string;
  readonly isTransient: boolean;
  readonly httpStatus: number;
  /** Whether the answer was a JSON object, as all of Graph's are. */
  readonly isJson: boolean;
}

export interface ErrorRule {
  readonly kind: ErrorKind;
  readonly action: GraphErrorAction;
  readonly advice: string;
}

const temporary: ErrorRule = {
  kind: 'temporary',
  action: 'retry',
  advice: 'Nothing to do: the platform asks to try again later.',
};
const rateLimited: ErrorRule = {
  kind: 'rate_limited',
  action: 'wait',
  advice: 'Nothing to do if it is rare; otherwise send fewer messages, the Page is over its limit.',
};
const tokenInvalid: ErrorRule = {
  kind: 'token_invalid',
  action: 'hold',
  advice:
    'Generate a new Page access token in the App Dashboard, put it into PAGE_ACCESS_TOKEN (or PAGES_FILE), and reload the bot (kill -HUP or systemctl reload) or restart it.',
};
const notThreadOwner: ErrorRule = {
  kind: 'not_thread_owner',
  action: 'give_up',
  advice:
    'Nothing to do for one person: another app, usually the Page Inbox, owns this conversation. If Take From Inbox never works, the Page has no default application: npm run doctor.',
};
const outsideWindow: ErrorRule = {
  kind: 'outside_window',
  action: 'give_up',
  advice: 'Nothing to do: more than 24 hours have passed since this person wrote.',
};
const personUnreachable: ErrorRule = {
  kind: 'person_unreachable',
  action: 'give_up',
  advice: 'Nothing to do: this person cannot be reached (blocked the Page, deleted the account, or never wrote to it).',
};
const pageRestricted: ErrorRule = {
  kind: 'page_restricted',
  action: 'hold',
  advice: "Open the Page's Support Inbox: Meta has restricted what the Page may send.",
};
const permissionMissing: ErrorRule = {
  kind: 'permission_missing',
  action: 'doubt',
  advice:
    'If it happens to everybody, check in the App Dashboard that the app is live and has pages_messaging for this Page.',
};
const appInvalid: ErrorRule = {
  kind: 'app_invalid',
  action: 'hold',
  advice:
    'Check APP_SECRET and GRAPH_API_VERSION against the App Dashboard, and reload the bot (kill -HUP or systemctl reload) or restart it: no call can succeed like this.',
};
const badRequest: ErrorRule = {
  kind: 'bad_request',
  action: 'doubt',
  advice: 'The request itself is wrong: compare it with the reference of this endpoint and correct the bot.',
};
const notGraph: ErrorRule = {
  kind: 'not_graph',
  action: 'retry',
  advice: 'Check GRAPH_API_URL, and HTTPS_PROXY where it is set: what answers is not the Graph API.',
};

/** Codes that only mean this together with a subcode; they win over everything else. */
const bySubcode: Readonly<Record<string, ErrorRule>> = {
  '10/2018300': notThreadOwner,
  '100/2534037': notThreadOwner,
  '10/2018278': outsideWindow,
  '10/2018065': outsideWindow,
  '10/2534022': outsideWindow,
  '200/1545041': personUnreachable,
  '10/2018108': personUnreachable,
  '100/2018001': personUnreachable,
  '10/1893063': pageRestricted,
  '613/1893016': badRequest,
};

/** Codes that mean one thing only, whatever `is_transient` says (rate limits often carry it). */
const byCode: Readonly<Record<number, ErrorRule>> = {
  1: temporary,
  2: temporary,
  1200: temporary,
  4: rateLimited,
  17: rateLimited,
  32: rateLimited,
  613: rateLimited,
  80006: rateLimited,
  190: tokenInvalid,
  101: appInvalid,
  102: appInvalid,
  104: appInvalid,
  2500: appInvalid,
  551: personUnreachable,
  368: pageRestricted,
};

/** Codes that are as broad as their names, and what an answer without a known code means by its HTTP status. */
const byBroadCode: Readonly<Record<number, ErrorRule>> = {
  3: permissionMissing,
  10: permissionMissing,
  200: permissionMissing,
  230: permissionMissing,
};
/** A refusal of the bot's own signature has no code of its own. */
const aboutTheSignature = /appsecret_proof/i;
const byStatus: Readonly<Record<number, ErrorRule>> = { 401: tokenInvalid, 408: temporary, 429: rateLimited };

/**
 * Finds what an error answer means and what to do about it.
 *
 * @see https://developers.facebook.com/docs/graph-api/guides/error-handling
 */
export function findErrorRule({ code, subcode, isTransient, isJson, httpStatus, message }: ErrorFacts): ErrorRule {
  const exact = bySubcode[`${code ?? ''}/${subcode ?? ''}`] ?? byCode[code ?? NaN];
  if (exact) return exact;
  if (code === 100 && aboutTheSignature.test(message)) return appInvalid;
  if (isTransient || httpStatus >= 500) return temporary;
  if (code !== undefined) return byBroadCode[code] ?? badRequest;
  return byStatus[httpStatus] ?? (isJson && httpStatus >= 400 ? badRequest : notGraph);
}
