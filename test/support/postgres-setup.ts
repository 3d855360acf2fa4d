import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { UNSAFE_AND_FAST, startPostgres, type PostgresServer } from './postgres';

/** What `database.ts` reads, in the processes that run the tests: the port to ask for the server's address. */
export const ASK = 'TEST_POSTGRES_ASK_PORT';

let started: Promise<PostgresServer> | undefined;
let asked: Server | undefined;

/** Jest's globalSetup: one PostgreSQL for the whole run, which starts when the first test asks where it is. */
export default async function setUp(): Promise<void> {
  asked = createServer((socket) => {
    socket.on('error', () => undefined);
    started ??= startPostgres({ settings: UNSAFE_AND_FAST });
    started.then(
      ({ url }) => socket.end(url),
      (error: unknown) => socket.end(String(error)),
    );
  }).listen(0, '127.0.0.1');
  await once(asked, 'listening');
  process.env[ASK] = String((asked.address() as AddressInfo).port);
}

/** Jest's globalTeardown. */
export async function tearDown(): Promise<void> {
  asked?.close();
  await (await started?.catch(() => undefined))?.stop();
}
