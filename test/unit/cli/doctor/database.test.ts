import { judge } from '../../../../src/cli/doctor/checks/database';
import type { DatabaseFacts } from '../../../../src/queue/postgres/examine';

const URL_NEAR = 'postgres://bot:a-secret-password@127.0.0.1:5432/bot';
const URL_FAR = 'postgres://bot:a-secret-password@db.example/bot';
const fine: DatabaseFacts = {
  version: '17.2',
  versionNumber: 170_002,
  isReadOnly: false,
  forgetful: [],
  isolation: 'read committed',
  mayWrite: true,
  user: 'bot',
  isTooNew: false,
  movedTo: null,
  isEncrypted: true,
  clockAheadMs: 0,
  roundTripMs: 1.2,
  mostConnections: 97,
  connections: 20,
};
const judged = (facts: Partial<DatabaseFacts>, url = URL_FAR, databaseConnections = 10) =>
  judge({ ...fine, ...facts }, url, { databaseConnections });

describe('what the answers of a database mean', () => {
  it('that all is well is said in one line, with how near it is and how many bots it has room for', () => {
    const text =
      'PostgreSQL 17.2 at db.example/bot answers within 2 ms; 20 of 97 connections are in use, room for 7 more bots.';
    expect(judged({})).toEqual([{ mark: 'ok', text, remedy: undefined }]);
    expect(judged({ connections: 120 })[0]?.text).toMatch(/room for 0 more bots/);
  });

  it.each<[string, Partial<DatabaseFacts>, RegExp, RegExp]>([
    ['an old version', { version: '13.9', versionNumber: 130_009 }, /^it is PostgreSQL 13\.9\.$/, /14 or newer/],
    ['a standby', { isReadOnly: true }, /takes no changes/, /the primary/],
    ['a user without rights', { mayWrite: false }, /the user bot may not make the schema/, /^GRANT CREATE .* TO bot/],
    [
      'a server that does not flush',
      { forgetful: ['synchronous_commit is off'] },
      /^synchronous_commit is off: an event that was acknowledged could be lost/,
      /Switch it on/,
    ],
    [
      'a stricter isolation',
      { isolation: 'serializable' },
      /^default_transaction_isolation is serializable: some of the events .* refused with 503/,
      /^ALTER ROLE bot SET default_transaction_isolation = 'read committed'$/,
    ],
    ['a newer version', { isTooNew: true }, /tables are of a newer version/, /Run that version/],
    ['that it was left', { movedTo: 'the folder /x' }, /were moved to the folder \/x\.$/, /Remove DATABASE_URL/],
    ['a clock that is behind', { clockAheadMs: -61_000 }, /clock is 61 seconds behind this machine/, /NTP/],
    ['a clock that is ahead', { clockAheadMs: 61_000 }, /clock is 61 seconds ahead of this machine/, /NTP/],
    ['too few connections', { mostConnections: 9 }, /allows 9 connections, and DATABASE_CONNECTIONS is 10/, /Lower/],
  ])('%s is wrong', (_what, facts, says, remedy) => {
    expect(judged(facts)).toEqual([
      { mark: 'wrong', text: expect.stringMatching(says) as string, remedy: expect.stringMatching(remedy) as string },
    ]);
  });

  it('takes what is just at the limit', () => {
    const facts = { versionNumber: 140_000, clockAheadMs: 60_000, roundTripMs: 20, mostConnections: 10 };
    expect(judged(facts).map(({ mark }) => mark)).toEqual(['ok']);
  });

  it('asks whether it is meant that it is far away, or that others may listen on the way', () => {
    const [, far] = judged({ roundTripMs: 20.1 });
    expect(far).toMatchObject({ mark: 'unknown', text: 'it is 20 ms away.' });
    const [, open] = judged({ isEncrypted: false });
    expect(open).toMatchObject({ mark: 'unknown', text: 'the way to it is not encrypted.' });
    expect(open?.remedy).toContain('?sslmode=verify-full');
    for (const url of [URL_NEAR, 'postgres:///bot?host=/run/postgresql', 'postgres://%2Frun%2Fpostgresql/bot'])
      expect(judged({ isEncrypted: false }, url)).toHaveLength(1);
  });

  it('names neither user nor password of the address', () => {
    for (const url of [URL_NEAR, URL_FAR]) expect(JSON.stringify(judged({}, url))).not.toMatch(/secret|bot:/);
  });
});
