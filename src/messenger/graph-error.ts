import { findErrorRule, type ErrorFacts, type ErrorKind, type GraphErrorAction } from './graph-error-rules';
import type { RegainTimes } from './usage-headers';

export type { ErrorKind, GraphErrorAction } from './graph-error-rules';

/** What every failed Graph call has in common, whether the platform answered or not. */
export abstract class GraphError extends Error {
  /** What went wrong, in the platform's terms. */
  abstract readonly kind: ErrorKind;
  /** What a bot does about it. */
  abstract readonly action: GraphErrorAction;
  /** One sentence on what a person can do. */
  abstract readonly advice: string;
  /** The endpoint, like `/messages`, without the query and so without the token. */
  abstract readonly path: string;
  /** The platform may have done what the call asked for; no answer tells. */
  abstract readonly mayBeDone: boolean;
  /** What makes two errors the same, like `10/2018300`. */
  abstract readonly sameness: string;

  /**
   * How long the platform wants to be left alone, in milliseconds, where it says so.
   *
   * @param _accounts the Page and its Instagram account: whose usage counts
   */
  regainMs(_accounts: readonly string[]): number | undefined {
    return undefined;
  }

  /** Whether the same call can succeed later without anybody doing anything. */
  get retryable(): boolean {
    return this.action === 'retry' || this.action === 'wait';
  }
}

/** An answer that is an error. */
export interface GraphErrorAnswer extends ErrorFacts {
  readonly path: string;
  /** Whether it was a web page: what a proxy or a login portal answers on its own, without passing the request on. */
  readonly isPage: boolean;
  readonly type: string | undefined;
  readonly fbtraceId: string | undefined;
  /** What the answer's headers say of how long the platform wants to be left alone. */
  readonly regain: RegainTimes;
}

/**
 * The platform answered, with an error.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/error-codes
 */
export class GraphApiError extends GraphError {
  override readonly name = 'GraphApiError';
  readonly kind: ErrorKind;
  readonly action: GraphErrorAction;
  readonly advice: string;
  readonly path: string;
  readonly httpStatus: number;
  readonly code: number | undefined;
  readonly subcode: number | undefined;
  readonly type: string | undefined;
  /** Meta's support asks for this. */
  readonly fbtraceId: string | undefined;
  readonly mayBeDone: boolean;
  readonly sameness: string;
  readonly #regain: RegainTimes;

  constructor(answer: GraphErrorAnswer) {
    const subcode = answer.subcode === undefined ? '' : `, subcode ${answer.subcode}`;
    super(
      `Graph refused ${answer.path} (HTTP ${answer.httpStatus}, code ${answer.code ?? 'none'}${subcode}): ${answer.message}`,
    );
    const rule = findErrorRule(answer);
    this.kind = rule.kind;
    this.action = rule.action;
    this.advice = rule.advice;
    this.path = answer.path;
    this.httpStatus = answer.httpStatus;
    this.code = answer.code;
    this.subcode = answer.subcode;
    this.type = answer.type;
    this.fbtraceId = answer.fbtraceId;
    this.mayBeDone = answer.path === '/messages' && !answer.isJson && mayHideASuccess(answer);
    this.sameness = `${answer.code ?? `HTTP ${answer.httpStatus}`}/${answer.subcode ?? '-'}`;
    this.#regain = answer.regain;
  }

  override regainMs(accounts: readonly string[]): number | undefined {
    const { all = 0, byPage } = this.#regain;
    const ms = Math.max(all, ...accounts.map((account) => byPage[account] ?? 0));
    return ms > 0 ? ms : undefined;
  }
}

/**
 * Whether the platform may have answered otherwise before somebody between lost its answer: a gateway that says so, or a success
 * that has become unrecognisable.
 */
function mayHideASuccess({ httpStatus, isPage }: GraphErrorAnswer): boolean {
  return [502, 504].includes(httpStatus) || (httpStatus >= 200 && httpStatus < 300 && !isPage);
}

/** Graph answered a question, but not in the form that its reference documents: nothing can be concluded from it. */
export class GraphAnswerError extends GraphError {
  override readonly name = 'GraphAnswerError';
  readonly kind = 'not_graph';
  readonly action = 'retry';
  readonly sameness = 'not understood';
  readonly mayBeDone = false;
  readonly advice =
    'Try again. If it stays so, set GRAPH_API_VERSION to the version that the App Dashboard shows, and check GRAPH_API_URL.';

  /** @param path the endpoint, like `/thread_owner` */
  constructor(readonly path: string) {
    super(`Graph's answer to ${path} is not understood`);
  }
}

/**
 * The call never got an answer: no connection, a time-out, or a connection that broke. Where the request had been written
 * already, the platform may have done what it asked for.
 */
export class GraphConnectionError extends GraphError {
  override readonly name = 'GraphConnectionError';
  readonly kind = 'no_answer';
  readonly action = 'retry';
  readonly sameness = 'no answer';
  readonly advice =
    "Nothing to do if it passes; otherwise check this machine's network, GRAPH_API_URL and HTTPS_PROXY.";

  /**
   * @param path the endpoint, like `/messages`
   * @param code why, like `ECONNREFUSED` or `ETIMEDOUT`
   * @param mayBeDone whether the request had been written
   */
  constructor(
    readonly path: string,
    readonly code: string,
    readonly mayBeDone: boolean,
  ) {
    super(`Graph did not answer ${path} (${code})`);
  }
}
