import { secrets, sign } from './bot';
import { runBuilt } from './built-server';
import { graphStandIn } from './graph-stand-in';

export const settings = { ...secrets, PORT: '0', OPERATIONS_PORT: '0', HOST: '127.0.0.1' };

/** Starts the built server and waits until it listens. */
export async function startServer(graphUrl: string, env: Record<string, string> = {}, command?: readonly string[]) {
  const all = { ...settings, GRAPH_API_URL: graphUrl, LOG_LEVEL: 'debug', ...env };
  const server = runBuilt(all, undefined, command);
  const started = await server.line('webhook is listening');
  const url = `http://127.0.0.1:${String(started['port'])}/webhook`;
  return {
    ...server,
    url,
    port: Number(started['port']),
    post: (text: string) =>
      fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Hub-Signature-256': sign(text) },
        body: text,
      }),
  };
}

/** A stand-in for Graph that does not answer before it is told to. */
export const countingGraph = (hold?: Promise<void>) =>
  graphStandIn(async () => {
    await hold;
    return [200, { success: true, message_id: 'm_1' }];
  });
