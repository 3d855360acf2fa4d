import type { IncomingMessage } from 'node:http';
import { setTimeout as pass } from 'node:timers/promises';
import { startHttpServer } from './http-server';

/** A Page as Graph knows it. */
export interface PageAtGraph {
  readonly id: string;
  readonly name: string;
  readonly token: string;
  instagramId?: string;
  fields: readonly string[];
  hasGetStarted: boolean;
}

export const APP_ID = '424242';
export const ALL_FIELDS = [
  ...['messages', 'messaging_postbacks', 'messaging_handovers', 'standby'],
  ...['message_echoes', 'message_reads', 'messaging_referrals'],
];

/** A Page that is set up as it should be. */
export function pageAtGraph(id: string, name: string, instagramId?: string): PageAtGraph {
  const more = instagramId === undefined ? {} : { instagramId };
  return { id, name, token: `EAAtokenof${id}`, fields: ALL_FIELDS, hasGetStarted: true, ...more };
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly token: string;
}

/** Stands in for Graph with several Pages of one app, that answers after so long. */
export async function graphOfPages(pages: readonly PageAtGraph[], callbackUrl: string, latencyMs = 0) {
  const calls: Call[] = [];
  let [open, mostAtOnce] = [0, 0];
  const answer = (page: PageAtGraph, method: string, path: string, query: URLSearchParams, body: string): object => {
    const change = method === 'POST' ? (JSON.parse(body) as Record<string, string>) : undefined;
    if (path === '/me/subscribed_apps') {
      if (change) page.fields = String(change['subscribed_fields']).split(',');
      return change ? { success: true } : { data: [{ id: APP_ID, subscribed_fields: page.fields }] };
    }
    if (path === '/me/messenger_profile') {
      if (change) page.hasGetStarted = true;
      return change ? { result: 'success' } : { data: page.hasGetStarted ? [{ get_started: { payload: 'x' } }] : [] };
    }
    if (path === '/me/thread_owner') return { data: [{ thread_owner: { app_id: page.id } }] };
    const fields = query.get('fields');
    if (fields === 'messaging_feature_status') return { messaging_feature_status: { hop_v2: true } };
    if (fields === 'instagram_business_account') {
      return page.instagramId === undefined ? {} : { instagram_business_account: { id: page.instagramId } };
    }
    return { id: page.id, name: page.name };
  };
  const ofApp = (path: string): object =>
    path === '/debug_token'
      ? { data: { is_valid: true, type: 'PAGE', expires_at: 0, scopes: ['pages_messaging', 'pages_manage_metadata'] } }
      : { data: [{ object: 'page', callback_url: callbackUrl, active: true, fields: ALL_FIELDS }] };

  const { url } = await startHttpServer((req, res) => {
    open += 1;
    mostAtOnce = Math.max(mostAtOnce, open);
    void Promise.all([read(req), pass(latencyMs)]).then(([body]) => {
      const { pathname, searchParams } = new URL(String(req.url), 'http://graph');
      const token = String(searchParams.get('access_token'));
      calls.push({ method: String(req.method), path: pathname, token });
      const page = pages.find((one) => one.token === token);
      const error = { error: { message: `Malformed access token ${token}`, code: 190 } };
      const isApp = token.startsWith(`${APP_ID}|`);
      const found = isApp ? ofApp(pathname) : page && answer(page, String(req.method), pathname, searchParams, body);
      open -= 1;
      res.writeHead(found ? 200 : 400, { 'Content-Type': 'application/json' }).end(JSON.stringify(found ?? error));
    });
  });
  return { url, calls, mostAtOnce: () => mostAtOnce };
}

async function read(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
