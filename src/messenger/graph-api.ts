import { createHmac } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import axios, { type AxiosResponse } from 'axios';
import { z } from 'zod';
import { GraphApiError, GraphConnectionError } from './graph-error';
import { readRegainTime } from './usage-headers';

/** A JSON object as the Graph API takes and gives it. */
export type GraphObject = Readonly<Record<string, unknown>>;

/**
 * The way to the Graph API, as small as it can be: what makes calls safer (pacing, resuming, logging) wraps an object of
 * this shape in another one.
 */
export interface GraphApi {
  /**
   * Makes a call that changes something: `POST /me{path}`.
   *
   * @param path the endpoint, with its slash, like `/messages`
   * @param payload the JSON body
   * @returns the answer's JSON object
   * @throws {GraphApiError} when the platform answers with an error
   * @throws {GraphConnectionError} when no answer comes
   */
  call(path: string, payload: GraphObject): Promise<GraphObject>;

  /**
   * Asks for something without changing it: `GET /me{path}`. Throws like `call`.
   *
   * @param path the endpoint, with its slash, like `/thread_owner`
   * @param query parameters beside the token
   */
  get(path: string, query: Readonly<Record<string, string>>): Promise<GraphObject>;
}

export interface GraphApiOptions {
  /** Where the Graph API answers, without a trailing slash. */
  readonly graphApiUrl: string;
  /** Like `v25.0`; undefined for unversioned calls. */
  readonly graphApiVersion: string | undefined;
  readonly pageAccessToken: string;
  /** The first one signs the calls (`appsecret_proof`); none leaves the proof out. */
  readonly appSecrets: readonly string[];
  /** How long a whole call may take, in milliseconds. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const LARGEST_ANSWER = 1024 * 1024;

/**
 * Makes the one axios client: connections are kept open, redirects are not followed (they would carry the token away), and
 * nothing that leaves here, errors included, shows a token or secret.
 *
 * @param options address, version, token and secrets
 * @see https://developers.facebook.com/docs/graph-api/overview
 * @see https://developers.facebook.com/docs/graph-api/guides/secure-requests for `appsecret_proof`
 */
export function createGraphApi(options: GraphApiOptions): GraphApi {
  const { graphApiUrl, graphApiVersion, pageAccessToken, appSecrets, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const [currentSecret] = appSecrets;
  const proof = currentSecret && createHmac('sha256', currentSecret).update(pageAccessToken).digest('hex');
  const client = axios.create({
    baseURL: [graphApiUrl, graphApiVersion, 'me'].filter(Boolean).join('/'),
    params: { access_token: pageAccessToken, ...(proof && { appsecret_proof: proof }) },
    timeout: timeoutMs,
    maxRedirects: 0,
    maxContentLength: LARGEST_ANSWER,
    httpAgent: new http.Agent({ keepAlive: true }),
    httpsAgent: new https.Agent({ keepAlive: true }),
    responseType: 'text',
    transformResponse: [],
    validateStatus: null,
  });
  const hide = createHide([pageAccessToken, proof, ...appSecrets]);
  const send = (path: string, request: (signal: AbortSignal) => Promise<AxiosResponse<unknown>>) =>
    exchange(path, () => request(AbortSignal.timeout(timeoutMs)), hide);

  return {
    call: (path, payload) => send(path, (signal) => client.post(path, payload, { signal })),
    get: (path, query) => send(path, (signal) => client.get(path, { params: query, signal })),
  };
}

async function exchange(
  path: string,
  request: () => Promise<AxiosResponse<unknown>>,
  hide: (text: string) => string,
): Promise<GraphObject> {
  let response: AxiosResponse<unknown>;
  try {
    response = await request();
  } catch (error) {
    // An axios error carries the whole request, token included: only its code goes on.
    throw new GraphConnectionError(path, connectionCode(error));
  }
  return readAnswer(path, response, hide);
}

function connectionCode(error: unknown): string {
  const { code = 'ERR_CANCELED' } = error as { code?: string };
  return code === 'ERR_CANCELED' || code === 'ECONNABORTED' ? 'ETIMEDOUT' : code;
}

const answerSchema = z.record(z.string(), z.unknown());
const errorSchema = z.object({
  message: z.string().catch('no message'),
  type: z.string().optional().catch(undefined),
  code: z.number().optional().catch(undefined),
  error_subcode: z.number().optional().catch(undefined),
  is_transient: z.boolean().catch(false),
  fbtrace_id: z.string().optional().catch(undefined),
});

function readAnswer(
  path: string,
  { status, data, headers }: AxiosResponse<unknown>,
  hide: (text: string) => string,
): GraphObject {
  const answer = answerSchema.safeParse(parseJson(data)).data;
  const error = errorSchema.safeParse(answer?.['error']).data;
  if (answer && !error && status >= 200 && status < 300) return answer;
  throw new GraphApiError({
    path,
    httpStatus: status,
    isJson: answer !== undefined,
    message: hide(error?.message ?? 'the answer is not in the form of a Graph answer'),
    code: error?.code,
    subcode: error?.error_subcode,
    type: error?.type,
    isTransient: error?.is_transient ?? false,
    fbtraceId: error?.fbtrace_id,
    regainMs: readRegainTime(headers),
  });
}

function parseJson(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}

/** The platform's messages may quote what they refuse ("Malformed access token …"). */
function createHide(secrets: readonly (string | undefined)[]): (text: string) => string {
  const values = secrets.filter((secret) => secret !== undefined && secret !== '') as string[];
  return (text) => values.reduce((rest, value) => rest.replaceAll(value, '[redacted]'), text);
}
