import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Client } from 'pg';
import { ASK } from './postgres-setup';

let server: Promise<string> | undefined;
const created: string[] = [];

afterAll(async () => {
  for (const name of created.splice(0)) await onServer(`DROP DATABASE ${name} WITH (FORCE)`);
});

/** An empty database on the run's PostgreSQL server, which goes away with the tests of its file. Resolves with its URL. */
export async function createDatabase(): Promise<string> {
  const name = `test_${process.pid}_${Math.random().toString(36).slice(2)}`;
  const url = await onServer(`CREATE DATABASE ${name}`);
  created.push(name);
  return url.replace(/postgres$/, name);
}

let emptied: Promise<string> | undefined;

/** The database of this test file, without what its tests before have left in it: sooner there than a new one. */
export async function emptyDatabase(): Promise<string> {
  const isNew = emptied === undefined;
  const connectionString = await (emptied ??= createDatabase());
  if (isNew) return connectionString;
  const client = new Client({ connectionString });
  await client.connect();
  await client.query('SET client_min_messages = warning; DROP SCHEMA IF EXISTS messenger_bot CASCADE');
  await client.end();
  return connectionString;
}

async function onServer(command: string): Promise<string> {
  server ??= askForServer();
  const connectionString = await server;
  const client = new Client({ connectionString });
  await client.connect();
  await client.query(command);
  await client.end();
  return connectionString;
}

async function askForServer(): Promise<string> {
  const answer = await text(connect(Number(process.env[ASK]), '127.0.0.1'));
  if (!answer.startsWith('postgres:')) throw new Error(answer);
  return answer;
}
