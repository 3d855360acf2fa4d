import { Client } from 'pg';
import { openPostgresStore } from '../../src/queue/postgres/store';
import { createDatabase } from '../support/database';
import { rightSetUp, type SetUp } from '../support/set-up';

async function query(connectionString: string, text: string): Promise<number | null> {
  const client = new Client({ connectionString });
  await client.connect();
  const { rowCount } = await client.query(text);
  await client.end();
  return rowCount;
}

/** What the doctor finds on any machine, however busy it is. */
async function find(site: SetUp) {
  return (await site.find('Database')).filter(({ text }) => !/^it is \d+ ms away/.test(text));
}

/** The same but for what every server of the tests lacks. */
async function othersThanFlushing(site: SetUp) {
  return (await find(site)).filter(({ text }) => !/^(fsync|full_page_writes) is off/.test(text));
}

describe('the doctor, where events are kept in a database', () => {
  it('finds nothing wrong but that the server of the tests flushes nothing, looks at no data folder, and changes nothing', async () => {
    const site = await rightSetUp();
    const DATABASE_URL = await createDatabase();
    site.writeEnvFile({ DATABASE_URL, DATABASE_CONNECTIONS: '3' });
    expect((await find(site)).map(({ mark, text }) => [mark, text.split(':')[0]])).toEqual([
      ['wrong', 'fsync is off'],
      ['wrong', 'full_page_writes is off'],
    ]);
    expect(await site.find('Data folder')).toEqual([]);
    expect(await site.find('Disk')).toEqual([]);
    expect(await query(DATABASE_URL, "SELECT FROM pg_namespace WHERE nspname = 'messenger_bot'")).toBe(0);
  });

  it('says that a database of that name is missing, and what to do', async () => {
    const site = await rightSetUp();
    site.writeEnvFile({ DATABASE_URL: (await createDatabase()).replace(/\w+$/, 'nobodys') });
    expect(await site.find('Database')).toEqual([
      {
        name: 'Database',
        mark: 'wrong',
        text: expect.stringMatching(
          /\/nobodys cannot be used: there is no database of that name \(3D000\)\.$/,
        ) as string,
        remedy: expect.stringMatching(/createdb/) as string,
      },
    ]);
  });

  it.each([
    ['that it is read-only', 'SET default_transaction_read_only = on', /takes no changes/],
    ['that it does not flush', 'SET synchronous_commit = off', /^synchronous_commit is off/],
    [
      'that it keeps its users apart more strictly than it should',
      "SET default_transaction_isolation = 'repeatable read'",
      /^default_transaction_isolation is repeatable read: /,
    ],
    ['that it lets too few in', 'CONNECTION LIMIT 2', /^it allows 2 connections, and DATABASE_CONNECTIONS is 10\.$/],
  ])('finds %s', async (_what, change, says) => {
    const site = await rightSetUp();
    const DATABASE_URL = await createDatabase();
    await query(DATABASE_URL, `ALTER DATABASE ${new URL(DATABASE_URL).pathname.slice(1)} ${change}`);
    site.writeEnvFile({ DATABASE_URL });
    expect(await othersThanFlushing(site)).toEqual([
      expect.objectContaining({ mark: 'wrong', text: expect.stringMatching(says) as string }),
    ]);
  });

  it('finds that the user may not make the schema, and later not write there', async () => {
    const site = await rightSetUp();
    const owner = await createDatabase();
    const name = `reader_${process.pid}`;
    await query(owner, `CREATE ROLE ${name} LOGIN`);
    try {
      const DATABASE_URL = owner.replace('postgres@', `${name}@`);
      site.writeEnvFile({ DATABASE_URL });
      const refused = [
        expect.objectContaining({ mark: 'wrong', text: expect.stringMatching(/may not make the schema/) as string }),
      ];
      expect(await othersThanFlushing(site)).toEqual(refused);
      await query(owner, 'CREATE SCHEMA messenger_bot CREATE TABLE notes (name text)');
      await query(owner, `GRANT USAGE ON SCHEMA messenger_bot TO ${name}`);
      await query(owner, `GRANT SELECT, INSERT, UPDATE ON messenger_bot.notes TO ${name}`);
      expect(await othersThanFlushing(site)).toEqual(refused);
      await query(owner, `GRANT DELETE ON messenger_bot.notes TO ${name}`);
      expect(await othersThanFlushing(site)).toEqual([]);
    } finally {
      await query(owner, `DROP OWNED BY ${name}; DROP ROLE ${name}`);
    }
  });

  it('finds the tables of a bot fine, but not those of a newer version, nor those that were left', async () => {
    const site = await rightSetUp();
    const DATABASE_URL = await createDatabase();
    site.writeEnvFile({ DATABASE_URL });
    await (await openPostgresStore(DATABASE_URL, { exclusive: true })).close();
    expect(await othersThanFlushing(site)).toEqual([]);
    await query(DATABASE_URL, 'UPDATE messenger_bot.schema_version SET readable_from = 1000');
    await query(DATABASE_URL, "INSERT INTO messenger_bot.moved (destination) VALUES ('the folder /x')");
    expect((await othersThanFlushing(site)).map(({ text }) => text)).toEqual([
      'its tables are of a newer version of this bot.',
      'the events in it were moved to the folder /x.',
    ]);
  });
});
