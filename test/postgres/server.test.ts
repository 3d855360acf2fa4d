import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { createDatabase } from '../support/database';
import { startPostgres } from '../support/postgres';

async function connectTo(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

describe('the database of a test', () => {
  it('is empty, and another one each time', async () => {
    const [one, other] = [await connectTo(await createDatabase()), await connectTo(await createDatabase())];
    await one.query('CREATE TABLE only_here (n int)');
    await expect(other.query('SELECT * FROM only_here')).rejects.toThrow('does not exist');
    await Promise.all([one.end(), other.end()]);
  });
});

describe('a PostgreSQL server of a test', () => {
  it('keeps what was committed when it is killed, and is thawed where it was frozen', async () => {
    const server = await startPostgres();
    await server.query('CREATE TABLE kept AS SELECT 42 AS n');
    const before = await connectTo(server.url);
    await server.kill9();
    await expect(before.query('SELECT 1')).rejects.toThrow();
    await server.start();
    expect(await server.query('SELECT n FROM kept')).toEqual([{ n: 42 }]);

    const client = await connectTo(server.url);
    server.freeze();
    let hasAnswered = false;
    const answer = client.query('SELECT n FROM kept').then(({ rows }) => {
      hasAnswered = true;
      return rows as unknown;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(hasAnswered).toBe(false);
    server.thaw();
    expect(await answer).toEqual([{ n: 42 }]);

    expect(await server.cutConnections()).toBe(1);
    await expect(client.query('SELECT 1')).rejects.toThrow();
    await server.stop();
  });

  it('ends, and leaves nothing, when the process that started it is killed', async () => {
    const program = `const { startPostgres } = require(${JSON.stringify(path.join(__dirname, '../support/postgres'))});
      startPostgres().then(({ query }) => query('SHOW data_directory')).then(([row]) => console.log(row.data_directory));`;
    const child = spawn(process.execPath, ['-r', 'ts-node/register/transpile-only', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [data] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    expect(existsSync(data)).toBe(true);
    child.kill('SIGKILL');
    while (existsSync(path.dirname(data))) await new Promise((resolve) => setTimeout(resolve, 20));
  });
});
