import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { secrets, sign } from '../support/bot';
import { entryPoint, runBuilt } from '../support/built-server';
import { bodyOf, eventOf, ids } from '../support/fixtures';
import { freePort } from '../support/free-port';
import { graphStandIn } from '../support/graph-stand-in';
import { temporaryFolder } from '../support/temporary-folder';

const NEW_TOKEN = 'EAAnewtokennewtoken';
const message = (mid: string) => JSON.stringify(bodyOf(eventOf({ message: { mid, text: 'private' } }, Date.now())));

/** A bot whose secrets stand in a file, and a Graph that takes one token only. */
async function botWithFile() {
  const taken = { token: secrets.PAGE_ACCESS_TOKEN as string };
  const graph = await graphStandIn(({ query }) =>
    query['access_token'] === taken.token
      ? [200, { message_id: 'm_1', id: ids.page, name: 'Page' }]
      : [400, { error: { code: 190, message: 'The token has expired' } }],
  );
  const folder = temporaryFolder();
  const operationsPort = await freePort();
  const write = (changes: Partial<Record<keyof typeof secrets, string>>) => {
    const lines = Object.entries({ ...secrets, ...changes }).map(([name, value]) => `${name}=${value}`);
    writeFileSync(path.join(folder, '.env'), lines.join('\n'));
  };
  write({});
  const env = { PORT: '0', HOST: '127.0.0.1', OPERATIONS_PORT: String(operationsPort), GRAPH_API_URL: graph.url };
  const server = runBuilt(env, folder);
  const { port } = await server.line('webhook is listening');
  const url = `http://127.0.0.1:${String(port)}`;
  return {
    server,
    graph,
    taken,
    write,
    url,
    post: async (text: string, secret?: string) => {
      const headers = { 'Content-Type': 'application/json', 'X-Hub-Signature-256': sign(text, secret) };
      return (await fetch(`${url}/webhook`, { method: 'POST', headers, body: text })).status;
    },
    ask: (place: string) => fetch(`http://127.0.0.1:${operationsPort}${place}`),
  };
}

describe('a token that has expired', () => {
  it('is replaced without a restart: what was held is answered at once', async () => {
    const { server, graph, taken, write, post, ask } = await botWithFile();
    taken.token = NEW_TOKEN;
    expect(await post(message('m1'))).toBe(200);
    await server.line('all sending holds; one event is tried at least every minute');
    expect(await (await ask('/metrics')).text()).toMatch(
      /messenger_bot_sending_stopped_seconds\{page="me",why="held"\} 0\.\d/,
    );
    write({ PAGE_ACCESS_TOKEN: NEW_TOKEN });
    server.kill('SIGHUP');
    expect(await server.line('secrets were replaced; what is held is tried at once')).toMatchObject({
      changed: ['PAGE_ACCESS_TOKEN'],
    });
    await server.line('event handled');
    expect(graph.calls.filter(({ path: called }) => called === '/me/messages')).toHaveLength(2);
    for (const secret of [...Object.values(secrets), NEW_TOKEN, 'private', ids.person])
      expect(server.output()).not.toContain(secret);
  });

  it('stays where the new one is refused, and the bot goes on', async () => {
    const { server, write, post } = await botWithFile();
    write({ PAGE_ACCESS_TOKEN: 'EAAsomebodyelses' });
    server.kill('SIGHUP');
    const { reason } = await server.line(
      'the settings were read again, but Graph refuses the new ones: the old ones stay',
    );
    expect(reason).toMatch(/The token has expired\. Generate a new Page access token/);
    expect(await post(message('m1'))).toBe(200);
    expect(await server.line('event handled')).toMatchObject({ outcome: 'welcomed' });
  });
});

describe('an app secret that is replaced', () => {
  it('is the one that counts from then on', async () => {
    const { server, write, post, url } = await botWithFile();
    write({ APP_SECRET: 'the-new-app-secret', VERIFY_TOKEN: 'the-new-verify-token' });
    server.kill('SIGHUP');
    await server.line('secrets were replaced; what is held is tried at once');
    expect(await post(message('m1'))).toBe(401);
    expect(await post(message('m1'), 'the-new-app-secret')).toBe(200);
    const verify = await fetch(`${url}/webhook?hub.verify_token=the-new-verify-token&hub.challenge=7`);
    expect(await verify.text()).toBe('7');
  });
});

describe('a terminal that is closed', () => {
  it('ends the bot politely, although the same signal has settings read again', async () => {
    const terminal = ['script', '--quiet', '--command', `${process.execPath} ${entryPoint}`, '/dev/null'];
    const env = { ...secrets, PORT: '0', OPERATIONS_PORT: '0', NODE_ENV: 'production', HOST: '127.0.0.1' };
    const server = runBuilt(env, temporaryFolder(), terminal);
    const { port } = await server.line('webhook is listening');
    const ask = () => fetch(`http://127.0.0.1:${String(port)}/healthz`).then(({ status }) => status);
    expect(await ask()).toBe(200);
    server.kill('SIGKILL'); // of the terminal: what runs in it is told that it is gone
    let inARow = 0; // on a connection that is kept, a last answer may come after the first refusal
    while (inARow < 2) inARow = (await ask().catch(() => undefined)) === undefined ? inARow + 1 : 0;
    await expect(ask()).rejects.toThrow();
  });
});
