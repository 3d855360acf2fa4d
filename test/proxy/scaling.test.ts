import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import nock from 'nock';
import { parse } from 'yaml';
import { sign } from '../support/bot';
import { bodyOf, eventOf } from '../support/fixtures';
import { freePort } from '../support/free-port';
import { startPostgres } from '../support/postgres';
import { countingGraph, startServer } from '../support/started-server';
import { temporaryFolder } from '../support/temporary-folder';
import { runNginx } from './nginx';
import { fitted, shippedFile } from './shipped-file';

jest.setTimeout(120_000);

beforeAll(() => {
  nock.restore(); // everything here is real
});

interface Compose {
  readonly services: Readonly<
    Record<string, { readonly image?: string; readonly environment?: Readonly<Record<string, string>> }>
  >;
}

/** All that docs/scaling/compose.yml describes, without containers: the database, the bots, and nginx in front of them. */
async function composed() {
  const { services } = parse(shippedFile('compose.yml', 'scaling'), { merge: true }) as Compose;
  const names = Object.keys(services).filter((name) => name.startsWith('bot'));
  const database = await startPostgres();
  await database.query("CREATE ROLE bot LOGIN PASSWORD 'a-long-password'");
  await database.query('CREATE DATABASE bot OWNER bot');
  const graph = await countingGraph();
  const start = (name: string) => {
    const { DATABASE_URL = '', DATABASE_CONNECTIONS = '' } = services[name]?.environment ?? {};
    const url = DATABASE_URL.replace('${DATABASE_PASSWORD}', 'a-long-password').replace(
      'database:5432',
      `127.0.0.1:${database.port}`,
    );
    expect(url).toMatch(/^postgres:\/\/bot:a-long-password@127\.0\.0\.1:\d+\/bot$/);
    return startServer(graph.url, { DATABASE_URL: url, DATABASE_CONNECTIONS, MAX_SENDS_PER_SECOND: '300' });
  };
  const bots = await Promise.all(names.map(start));

  const folder = temporaryFolder();
  const port = await freePort();
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${folder}/temp;`);
  const file = fitted(
    'nginx.conf',
    [
      ['listen 8080;', `listen 127.0.0.1:${port};`],
      ['/dev/stderr', `${folder}/crit.log`],
      ['events {', `daemon off;\npid ${folder}/nginx.pid;\nevents {`],
      ['http {', `http {\n${temp.join('\n')}`],
      ...bots.map((bot, n) => [`server ${String(names[n])}:1337 `, `server 127.0.0.1:${bot.port} `] as const),
    ],
    'scaling',
  );
  writeFileSync(path.join(folder, 'nginx.conf'), file);
  mkdirSync(path.join(folder, 'temp'));
  await runNginx(folder, [port]);
  const post = async (psid: string): Promise<number> => {
    const message = { mid: `m_${psid}`, text: 'hello' };
    const body = JSON.stringify(bodyOf(eventOf({ message }, Date.now(), psid)));
    const headers = { 'Content-Type': 'application/json', 'X-Hub-Signature-256': sign(body) };
    const answer = await fetch(`http://127.0.0.1:${port}/webhook`, { method: 'POST', headers, body });
    await answer.text();
    return answer.status;
  };
  return { names, bots, graph, database, post, port };
}

describe('three bots that share a database, behind nginx, as docs/scaling has them', () => {
  it('refuse nobody and lose nothing while one of them is killed', async () => {
    const { names, bots, graph, database, post, port } = await composed();
    expect(names).toEqual(['bot1', 'bot2', 'bot3']);
    const people = Array.from({ length: 300 }, (_, n) => String(4_000_000 + n));
    const statuses: number[] = [];
    for (let from = 0; from < people.length; from += 20) {
      if (from === 100) bots[0]?.kill('SIGKILL');
      statuses.push(...(await Promise.all(people.slice(from, from + 20).map(post))));
    }
    expect(new Set(statuses)).toEqual(new Set([200]));
    const answered = () =>
      new Set(graph.calls.map(({ body }) => (body as { recipient?: { id?: string } }).recipient?.id));
    while (answered().size < people.length) await graph.got(graph.calls.length + 1);
    expect([...answered()].sort()).toEqual(people);
    for (const bot of bots.slice(1)) expect(bot.output()).toContain('event handled');
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(404);
    await database.stop();
  });
});
