import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { sign } from '../support/bot';
import { entryPoint, runBuilt } from '../support/built-server';
import { bodyOf, eventOf } from '../support/fixtures';
import { runKeepingSocket } from '../support/kept-socket';
import { countingGraph, settings } from '../support/started-server';
import { temporaryFolder } from '../support/temporary-folder';

const keepSocket = path.join(__dirname, '..', 'support', 'keep-socket.cjs');

/** Starts the bot, so many times one after the other, on a socket that outlives it. */
function keepingSocket(where: string, times: number, env: Record<string, string> = {}) {
  const command = [process.execPath, keepSocket, where, String(times), entryPoint];
  return runKeepingSocket({ ...settings, ...env }, temporaryFolder(), command);
}

function post(port: number, mid: string): Promise<Response> {
  const body = JSON.stringify(bodyOf(eventOf({ message: { mid, text: 'hello' } }, Date.now(), mid)));
  const headers = { 'Content-Type': 'application/json', 'X-Hub-Signature-256': sign(body) };
  return fetch(`http://127.0.0.1:${port}/webhook`, { method: 'POST', headers, body });
}

describe('a socket of the system', () => {
  it('refuses nobody while the bot restarts', async () => {
    const graph = await countingGraph();
    const kept = keepingSocket('0', 2, { GRAPH_API_URL: graph.url });
    const { port } = (await kept.line('webhook is listening')) as { port: number };
    expect((await post(port, 'first')).status).toBe(200);
    kept.killBot('SIGTERM');
    await kept.line('stopped');
    const meanwhile = await Promise.all(['second', 'third', 'fourth'].map((mid) => post(port, mid)));
    expect(meanwhile.map(({ status }) => status)).toEqual([200, 200, 200]);
    await graph.got(4);
  });

  it('is where the bot listens, whatever PORT and HOST say, and it says so', async () => {
    const kept = keepingSocket('0', 1, { PORT: '4', HOST: '192.0.2.1' });
    const line = await kept.line('webhook is listening');
    expect(line).toMatchObject({ host: '127.0.0.1', socket: 'handed over by the system' });
    expect(line['port']).not.toBe(4);
    await kept.line(
      `PORT=4 plays no part: the system hands over a socket with port ${String(line['port'])}. Let the proxy forward to that one, and remove PORT.`,
    );
  });

  it('is told in a sentence when it is a local one', async () => {
    const kept = keepingSocket(path.join(temporaryFolder(), 'bot.sock'), 1);
    expect(await kept.ended).toEqual({ code: 1, signal: null });
    expect(kept.output()).toMatch(
      /The bot cannot start\. .*socket of the system.*ListenStream= with an address and a port/,
    );
    expect(kept.output()).not.toContain('    at ');
  });

  it.each([
    ['none was handed over', '1', /The bot cannot start\. It cannot listen on the socket of the system \(/],
    ['there are several', '2', /The bot cannot start\. The system hands over 2 sockets/],
  ])('is told in a sentence when %s, and the bot ends with 1', async (_what, count, sentence) => {
    const script = `export LISTEN_PID=$$ LISTEN_FDS=${count}; exec "$0" "$1"`;
    const server = runBuilt(settings, temporaryFolder(), ['bash', '-c', script, process.execPath, entryPoint]);
    expect(await server.ended).toEqual({ code: 1, signal: null });
    expect(server.output()).toMatch(sentence);
    expect(server.output()).not.toContain('    at ');
  });

  it('that is meant for another process plays no part', async () => {
    const server = runBuilt({ ...settings, LISTEN_PID: '1', LISTEN_FDS: '1' });
    const line = await server.line('webhook is listening');
    expect(line).not.toHaveProperty('socket');
    const socket = net.connect(Number(line['port']), '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
  });
});
