import { createHmac } from 'node:crypto';
import { Axios, type AxiosResponse } from 'axios';
import { z } from 'zod';
import { createWipe, formsOf } from '../process/wipe';
import { GraphApiError, GraphConnectionError } from './graph-error';
import { createHttpAdapter, type AdapterFacts } from './http-adapter';
import { readRegainTimes } from './usage-headers';

/** A JSON object as the Graph API takes and gives it. */
export type GraphObject = Readonly<Record<string, unknown>>;

/**
 * The way to the Graph API, as small as it can be: what makes calls safer (pacing, resuming, logging) wraps an object of
 * this shape in another one.
 */
export interface GraphApi {
  /**
   * Makes a call that changes something: `POST /me{path}`, or `POST {path}` where paths begin at the root.
   *
   * @param path the endpoint, with its slash, like `/messages`; empty for what paths begin at
   * @param payload the JSON body
   * @param leaveBy when it is not sent any more, in milliseconds of `performance.now()`; otherwise as long as a call may take
   * @returns the answer's JSON object
   * @throws {GraphApiError} when the platform answers with an error
   * @throws {GraphConnectionError} when no answer comes
   */
  call(path: string, payload: GraphObject, leaveBy?: number): Promise<GraphObject>;

  /**
   * Asks for something without changing it: `GET` instead of `POST`. Throws like `call`.
   *
   * @param path the endpoint, with its slash, like `/thread_owner`
   * @param query parameters beside the token
   */
  get(path: string, query: Readonly<Record<string, string>>): Promise<GraphObject>;
}

/** Whose calls they are. */
export interface GraphSecrets {
  readonly pageAccessToken: string;
  /** The first one signs the calls (`appsecret_proof`); none leaves the proof out. */
  readonly appSecrets: readonly string[];
}

/** Where calls go, and how. */
export interface GraphAddress {
  /** Where the Graph API answers, without a trailing slash. */
  readonly graphApiUrl: string;
  /** Like `v25.0`; undefined for unversioned calls. */
  readonly graphApiVersion: string | undefined;
  /** How long a whole call may take, in milliseconds. */
  readonly timeoutMs?: number;
  /** What every path begins at: `me`, the Page of the token, unless another one is named; empty for the root. */
  readonly node?: string;
  /** Puts the token into the body of calls that have one: addresses stand in the logs of proxies. The tutorial's calls do not. */
  readonly tokenInBody?: boolean;
  /** What errors must not show beside the credentials. */
  readonly hidden?: readonly string[];
  /** Told of every answer, errors included. */
  readonly onAnswer?: (facts: AnswerFacts) => void;
}

export interface GraphApiOptions extends GraphAddress, GraphSecrets {}

/** What an answer tells beside its content. */
export interface AnswerFacts {
  /** The platform's time in milliseconds since 1970, to the second; undefined where the answer does not tell. */
  readonly date: number | undefined;
  /** How long the call took, in milliseconds. */
  readonly ms: number;
}

/** How long a call takes at most, in milliseconds. */
export const CALL_LIMIT_MS = 10_000;
const LARGEST_ANSWER = 1024 * 1024;

/**
 * Makes the way to the Graph API for one token, with an axios client of its own.
 *
 * @param options address, version, token and secrets
 */
export function createGraphApi(options: GraphApiOptions): GraphApi {
  return createGraphClient(options)(() => options);
}

/**
 * Makes the one axios client: connections are kept open, redirects are not followed (they would carry the token away), and
 * nothing that leaves here, errors included, shows a token or secret. All Pages share it, and its connections.
 *
 * @param options address and version
 * @returns makes the way for the calls of one Page; it asks for token and secrets at each call: they can be replaced at any time
 * @see https://developers.facebook.com/docs/graph-api/overview
 * @see https://developers.facebook.com/docs/graph-api/guides/secure-requests for `appsecret_proof`
 */
export function createGraphClient(options: GraphAddress): (secrets: () => GraphSecrets) => GraphApi {
  const { graphApiUrl, graphApiVersion, timeoutMs = CALL_LIMIT_MS } = options;
  const { node = 'me', tokenInBody = false, hidden = [], onAnswer } = options;
  const named = (path: string): string => path || `/${node}`;
  const baseURL = [graphApiUrl, graphApiVersion, node].filter(Boolean).join('/');
  // Not `axios.create`: its defaults, most of them for browsers, would be merged anew for every call.
  const client = new Axios({
    baseURL,
    adapter: createHttpAdapter(baseURL, timeoutMs, LARGEST_ANSWER),
    headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
    transformRequest: [(payload: unknown) => (payload === undefined ? undefined : JSON.stringify(payload))],
  });

  const send = async (config: { method: string; url: string; data?: GraphObject; leaveBy?: number | undefined }) => {
    const start = performance.now();
    const response = await client.request<unknown>(config);
    onAnswer?.({ date: readDate(response.headers['date']), ms: performance.now() - start });
    return response;
  };

  return (secrets) => {
    let authority: Authority | undefined;
    const current = (): Authority => {
      const now = secrets();
      if (now !== authority?.secrets) authority = authorityOf(now, hidden);
      return authority;
    };
    return {
      call: (path, payload, leaveBy) => {
        const { authorised, credentials, hide } = current();
        const request = tokenInBody
          ? { url: path, data: { ...payload, ...credentials } }
          : { url: authorised(path), data: payload };
        return exchange(named(path), () => send({ method: 'post', ...request, leaveBy }), hide, true);
      },
      get: (path, query) => {
        const { authorised, hide } = current();
        return exchange(named(path), () => send({ method: 'get', url: authorised(path, query) }), hide, false);
      },
    };
  };
}

function readDate(text: unknown): number | undefined {
  const date = Date.parse(String(text));
  return Number.isNaN(date) ? undefined : date;
}

/** What some secrets make of a path, and of a text that quotes them. */
interface Authority {
  readonly secrets: GraphSecrets;
  readonly credentials: Readonly<Record<string, string>>;
  readonly authorised: (path: string, query?: Readonly<Record<string, string>>) => string;
  readonly hide: (text: string) => string;
}

function authorityOf(secrets: GraphSecrets, hidden: readonly string[]): Authority {
  const { pageAccessToken, appSecrets } = secrets;
  const [currentSecret] = appSecrets;
  const proof = currentSecret && createHmac('sha256', currentSecret).update(pageAccessToken).digest('hex');
  const credentials = { access_token: pageAccessToken, ...(proof && { appsecret_proof: proof }) };
  const inQuery = new URLSearchParams(credentials).toString();
  return {
    secrets,
    credentials,
    authorised: (path, query) => `${path}?${query ? `${new URLSearchParams(query).toString()}&` : ''}${inQuery}`,
    hide: createHide([pageAccessToken, proof, ...appSecrets, ...hidden]),
  };
}

/** @param changes what was done must not be done again, whatever has become of the answer; an answer to a question must be readable */
async function exchange(
  path: string,
  request: () => Promise<AxiosResponse<unknown>>,
  hide: (text: string) => string,
  changes: boolean,
): Promise<GraphObject> {
  let response: AxiosResponse<unknown>;
  try {
    response = await request();
  } catch (error) {
    const { code, wasWritten, began } = error as AdapterFacts & { readonly code: string };
    if (changes && began && canBeGraphs(began)) return {};
    // An axios error carries the whole request, token included: only its code goes on.
    throw new GraphConnectionError(path, code, wasWritten && path === MESSAGES);
  }
  const answer = readObject(response.data) ?? (changes && canBeGraphs(response) ? {} : undefined);
  return readAnswer(path, response, answer, hide);
}

/** The one call that does harm when it is made twice. */
const MESSAGES = '/messages';

/** A success that comes from Graph and not from a proxy between, whatever its body has become on the way. */
function canBeGraphs({ status, headers }: Pick<AxiosResponse, 'status' | 'headers'>): boolean {
  if (status < 200 || status >= 300) return false;
  const type = String(headers['content-type'] ?? '');
  return /\b(json|javascript)\b/i.test(type) || Object.keys(headers).some((name) => name.startsWith('x-fb-'));
}

const errorSchema = z.object({
  message: z.string().catch('no message'),
  type: z.string().optional().catch(undefined),
  code: z.number().optional().catch(undefined),
  error_subcode: z.number().optional().catch(undefined),
  is_transient: z.boolean().catch(false),
  fbtrace_id: z.string().optional().catch(undefined),
});

/** @param answer the answer's JSON object; undefined where there is none */
function readAnswer(
  path: string,
  { status, data, headers }: AxiosResponse<unknown>,
  answer: GraphObject | undefined,
  hide: (text: string) => string,
): GraphObject {
  const error = answer?.['error'] === undefined ? undefined : errorSchema.safeParse(answer['error']).data;
  if (!error && answer && status >= 200 && status < 300) return answer;
  throw new GraphApiError({
    path,
    httpStatus: status,
    isJson: answer !== undefined,
    isPage: /\bhtml\b/i.test(String(headers['content-type'])) || /^\s*</.test(String(data)),
    message: hide(error?.message ?? 'the answer is not in the form of a Graph answer'),
    code: error?.code,
    subcode: error?.error_subcode,
    type: error?.type,
    isTransient: error?.is_transient ?? false,
    fbtraceId: error?.fbtrace_id,
    regain: readRegainTimes(headers),
  });
}

function readObject(text: unknown): GraphObject | undefined {
  try {
    const value: unknown = JSON.parse(String(text));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as GraphObject) : undefined;
  } catch {
    return undefined;
  }
}

/** The platform's messages may quote what they refuse ("Malformed access token …"). */
function createHide(secrets: readonly (string | undefined)[]): (text: string) => string {
  return createWipe(secrets.flatMap((secret) => (secret ? formsOf(secret) : [])));
}
