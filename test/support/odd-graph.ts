import { startHttpServer } from './http-server';

/** What becomes of an answer on the way; undefined: the connection is closed in its middle. */
export type Spoil = (answer: string) => string | undefined;

/**
 * Stands before a Graph and lets all calls through, but spoils the answers to some questions.
 *
 * @param graphUrl where Graph answers
 * @param part a part of the path of the questions whose answers are spoilt
 * @param spoil what becomes of them
 * @returns its address
 */
export async function oddGraph(graphUrl: string, part: string, spoil: Spoil): Promise<string> {
  const { url } = await startHttpServer((req, res) => {
    const { method, url: path = '/' } = req;
    const pass = async (): Promise<void> => {
      const chunks: Buffer[] = [];
      for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
      const body = method === 'POST' ? { body: Buffer.concat(chunks) } : {};
      const headers = { 'Content-Type': String(req.headers['content-type']) };
      const answer = await fetch(graphUrl + path, { method: String(method), headers, ...body });
      const text = await answer.text();
      const told = method === 'GET' && path.includes(part) ? spoil(text) : text;
      const json = { 'Content-Type': 'application/json' };
      if (told !== undefined) res.writeHead(answer.status, json).end(told);
      else res.writeHead(answer.status, { ...json, 'Content-Length': 999 }).write(text, () => res.destroy());
    };
    pass().catch(() => res.destroy()); // the test may be over before all is answered
  });
  return url;
}

/** Makes a spoiler of what changes the `data` of an answer. */
export const changing =
  (change: (data: Record<string, unknown>[]) => unknown): Spoil =>
  (text) =>
    JSON.stringify({ data: change((JSON.parse(text) as { data: Record<string, unknown>[] }).data) });
