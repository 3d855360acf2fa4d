import { createHmac } from 'node:crypto';

export const APP_SECRET = 'app-secret-of-the-benchmark';
/** Page number 0; the numbers that follow are further Pages. */
export const FIRST_PAGE = 100_200_300_400_500;

/** Person number 0; the numbers that follow are new persons. */
export const FIRST_PERSON = 24_601_000_000;

/**
 * A POST as the platform sends it, ready to be written to a connection: each event in an entry of its own, signed in both
 * ways.
 *
 * @param port where it goes
 * @param person the first event's person; each further event is of the next one
 * @param events how many events it holds
 * @param page which Page they are for
 */
export function makePost(port: number, person: number, events: number, page = String(FIRST_PAGE)): Buffer {
  const now = Date.now();
  const entry = Array.from({ length: events }, (_, n) => ({
    id: page,
    time: now,
    messaging: [
      {
        sender: { id: String(person + n) },
        recipient: { id: page },
        timestamp: now,
        message: { mid: `m_${person + n}`, text: 'hello, is anybody there?' },
      },
    ],
  }));
  const body = JSON.stringify({ object: 'page', entry });
  const head = [
    'POST /webhook HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'User-Agent: facebookexternalua',
    'Accept: */*',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    `X-Hub-Signature: sha1=${sign('sha1', body)}`,
    `X-Hub-Signature-256: sha256=${sign('sha256', body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function sign(algorithm: string, body: string): string {
  return createHmac(algorithm, APP_SECRET).update(body).digest('hex');
}
