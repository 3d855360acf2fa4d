import http from 'node:http';
import https from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { AxiosError, type AxiosAdapter, type AxiosResponse } from 'axios';
import { agentFor } from './proxy';

/** What an error of this adapter tells beside its code. */
export interface AdapterFacts {
  /** The whole request had been handed to the network: the other side may have done what it asks for. */
  readonly wasWritten: boolean;
  /** Status and headers of an answer whose body never came to its end. */
  readonly began: Pick<AxiosResponse, 'status' | 'headers'> | undefined;
}

/**
 * An axios adapter that does just what calls to Graph need, at two thirds of the cost of the one that comes with axios: one
 * request, one answer as text of a bounded size, a limit on the whole, connections that are kept open, no redirects.
 *
 * @param baseUrl what every path is appended to; taken apart once, since that is a part of what a call costs
 * @param timeoutMs for the whole call
 * @param largestAnswer in bytes
 * @see https://axios-http.com/docs/req_config for `adapter`
 */
export function createHttpAdapter(baseUrl: string, timeoutMs: number, largestAnswer: number): AxiosAdapter {
  const base = new URL(baseUrl);
  const { protocol, hostname, port } = urlToHttpOptions(base);
  const { request: open } = protocol === 'https:' ? https : http;
  const prefix = base.pathname.replace(/\/$/, '');
  const server = { protocol, hostname, port, agent: agentFor(base, timeoutMs) };

  return (config) =>
    new Promise<AxiosResponse>((resolve, reject) => {
      const { data, url, method, leaveBy = Infinity } = config as Asked;
      const length = data === undefined ? {} : { 'Content-Length': Buffer.byteLength(data) };
      let wasWritten = false;
      let isOver = false;
      let began: AdapterFacts['began'];

      const fail = (code: string): void => {
        clearTimeout(limit);
        const facts: AdapterFacts = { wasWritten, began };
        reject(Object.assign(new AxiosError('The call failed', code), facts));
        request.destroy();
      };
      const request = open({
        ...server,
        path: prefix + url,
        method: method.toUpperCase(),
        headers: { ...config.headers.toJSON(), ...length },
      });
      // After a standstill of the process the answer may be there already: it is read before the limit counts.
      const limit = setTimeout(setImmediate, timeoutMs, () => {
        if (!isOver) fail('ETIMEDOUT');
      });
      request.on('finish', () => (wasWritten = true));
      request.on('error', ({ code = 'NO_CONNECTION' }: NodeJS.ErrnoException) => {
        fail(code);
      });
      request.on('response', (response) => {
        const status = Number(response.statusCode);
        const answerHeaders = response.headers as Record<string, string>;
        began = { status, headers: answerHeaders };
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > largestAnswer) fail('ERR_TOO_LARGE');
          else chunks.push(chunk);
        });
        response.on('error', (error: NodeJS.ErrnoException) => {
          fail(String(error.code));
        });
        response.on('end', () => {
          isOver = true;
          clearTimeout(limit);
          resolve({
            data: Buffer.concat(chunks).toString('utf8'),
            status,
            statusText: String(response.statusMessage),
            headers: answerHeaders,
            config,
          });
        });
      });
      const checkTime = (): void => {
        if (performance.now() >= leaveBy) fail('ETIMEDOUT');
      };
      request.on('socket', (socket) => {
        checkTime();
        // The process can stand still while the connection is made; asked first, before what waits for it is written.
        if (socket.connecting) socket.once('connect', checkTime);
      });
      request.end(data);
    });
}

/** What is asked for. */
interface Asked {
  readonly data?: string;
  readonly url: string;
  readonly method: string;
  readonly leaveBy?: number;
}
