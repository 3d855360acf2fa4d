import { once } from 'node:events';
import { connect } from 'node:net';

/** A connection that is kept open and carries one request at a time. */
export interface Connection {
  /** Writes a whole request and resolves with the status of its answer. */
  send(request: Buffer): Promise<number>;
  close(): void;
}

/**
 * Opens a connection to a server on this machine. It speaks just enough HTTP for the servers of the benchmark, which all
 * give the length of their answers: a full client would take processor time from the servers that are measured.
 */
export async function openConnection(port: number): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let waiting: { resolve: (status: number) => void; reject: (error: Error) => void } | undefined;
  let received = '';

  const settle = (status: number) => {
    const { resolve } = waiting ?? {};
    waiting = undefined;
    received = '';
    resolve?.(status);
  };
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    const status = statusOfWhole(received);
    if (status !== undefined) settle(status);
  });
  const fail = (error: Error) => {
    waiting?.reject(error);
    waiting = undefined;
  };
  socket.on('error', fail);
  socket.on('close', () => {
    fail(new Error('the server closed the connection before it answered'));
  });

  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        if (socket.destroyed) fail(new Error('the server had closed the connection'));
        else socket.write(request);
      }),
    close: () => {
      socket.destroy();
    },
  };
}

/** The status of an answer that has come as a whole; undefined while some of it is missing. */
function statusOfWhole(text: string): number | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = text.slice(0, headEnd);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`an answer without a length: ${head}`);
  return text.length >= headEnd + 4 + Number(length) ? Number(head.slice(9, 12)) : undefined;
}
