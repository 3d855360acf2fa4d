import { request, type Agent, type RequestOptions } from 'node:https';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** The name under which the tests reach the bot. */
export const HOST = 'bot.test';

export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Ask extends Omit<RequestOptions, 'headers'> {
  readonly headers?: OutgoingHttpHeaders;
  readonly port: number;
  readonly ca: string;
  readonly body?: string | Buffer;
  readonly agent?: Agent;
}

/** Asks over TLS, trusting only the authority of the tests. */
export function ask({ body, ...options }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { Host: HOST, ...options.headers };
    const sending = request({ host: '127.0.0.1', servername: HOST, ...options, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, body: text });
      });
    });
    sending.on('error', reject).end(body);
  });
}
