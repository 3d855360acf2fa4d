import { explainDatabaseError } from '../../../../src/queue/postgres/trouble';

const withCode = (code: string) => Object.assign(new Error('in the words of pg'), { code });

describe('what an error of a database means', () => {
  it.each<[unknown, string, RegExp]>([
    [withCode('ECONNREFUSED'), 'the connection is refused, nothing listens there (ECONNREFUSED)', /^Start it/],
    [withCode('28P01'), 'it refuses user and password (28P01)', /right user and password/],
    [withCode('3D000'), 'there is no database of that name (3D000)', /createdb/],
    ...['3F000', '42P01', '42883'].map((code): [unknown, string, RegExp] => [
      withCode(code),
      `the tables of the bot are not there any more (${code})`,
      /^Put the backup back; .* restart the bot/,
    ]),
    [withCode('53300'), 'it has no connection left (53300)', /DATABASE_CONNECTIONS/],
    [
      new AggregateError([withCode('ECONNREFUSED'), withCode('ENETUNREACH')]),
      'the connection is refused, nothing listens there (ECONNREFUSED)',
      /^Start it/,
    ],
    [new Error('timeout expired'), 'nothing comes back in time', /^Start it/],
    [new Error('Query read timeout'), 'nothing comes back in time', /^Start it/],
    [new Error('The server does not support SSL connections'), 'it does not speak TLS', /TLS/],
    [new Error('Connection terminated unexpectedly'), 'the connection is closed', /^Start it/],
    [
      new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'),
      'it wants a password',
      /password/,
    ],
    [withCode('XX000'), 'in the words of pg', /log of the database/],
    ['a text', 'a text', /log of the database/],
  ])('%s', (error, what, remedy) => {
    expect(explainDatabaseError(error)).toEqual({ what, remedy: expect.stringMatching(remedy) as string });
  });
});
