import path from 'node:path';
import {
  announce,
  createDamageReport,
  createLossReport,
  createMendReport,
  type StartFacts,
} from '../../../src/process/announce';
import { loadConfig } from '../../../src/config';
import { writePages } from '../../support/pages';
import { createLogger } from '../../../src/process/logger';

const SECRET = '0123456789abcdef0123456789abcdef';

function announced(env: Record<string, string>, facts: Partial<StartFacts> = {}): string[] {
  const lines: string[] = [];
  const config = loadConfig({ PAGE_ACCESS_TOKEN: 'page-token', VERIFY_TOKEN: 'verify-token', ...env });
  announce(
    config,
    { port: 1337, address: '127.0.0.1', isDataOpen: false, isPagesFileOpen: false, pages: undefined, ...facts },
    createLogger(config, { write: (line) => void lines.push(line) }),
  );
  return lines;
}

describe('announce', () => {
  it('says that the webhook listens, the port, and that the protections are on', () => {
    const [line = '', ...warnings] = announced({ APP_SECRET: SECRET, HOST: '127.0.0.1', DATA_DIR: 'some/data' });
    expect(JSON.parse(line)).toMatchObject({
      msg: 'webhook is listening',
      port: 1337,
      host: '127.0.0.1',
      data: path.resolve('some/data'),
      protections: { webhookSignatures: true, appSecretProof: true, graphOverHttps: true },
    });
    expect(warnings).toEqual([]);
  });

  it('says how many Pages there are, where a file lists them', () => {
    expect(JSON.parse(String(announced({ APP_SECRET: SECRET }, { pages: 2 })[0]))).toMatchObject({ pages: 2 });
    expect(JSON.parse(String(announced({ APP_SECRET: SECRET })[0]))).not.toHaveProperty('pages');
  });

  it('names the folder only where events are kept in one', () => {
    const [line = ''] = announced({ APP_SECRET: SECRET, DATABASE_URL: 'postgres://bot:secret-of-the-bot@db/bot' });
    expect(JSON.parse(line)).toMatchObject({ data: 'PostgreSQL' });
    expect(line).not.toContain('secret-of-the-bot');
  });

  it('says that the socket came from the system, and from where', () => {
    const [line = '', ...warnings] = announced({ APP_SECRET: SECRET, HOST: '192.0.2.1' }, { socket: { fd: 3 } });
    expect(JSON.parse(line)).toMatchObject({ port: 1337, host: '127.0.0.1', socket: 'handed over by the system' });
    expect(warnings).toEqual([]);
    expect(announced({ APP_SECRET: SECRET }).join()).not.toContain('handed over');
  });

  it.each([
    ['8080', [expect.stringMatching(/"level":"warn".*PORT=8080 plays no part.*with port 1337.*remove PORT/)]],
    ['1337', []],
  ])('warns of a PORT other than that of the socket: %s', (portAskedFor, expected) => {
    const [, ...warnings] = announced({ APP_SECRET: SECRET }, { socket: { fd: 3 }, portAskedFor });
    expect(warnings).toEqual(expected);
  });

  it('warns that anyone can forge events without APP_SECRET', () => {
    const [line = '', warning] = announced({});
    expect(JSON.parse(line)).toMatchObject({ protections: { webhookSignatures: false, appSecretProof: false } });
    expect(warning).toContain('anyone who finds this address can forge events');
  });

  it.each([
    ['31 digits', SECRET.slice(1)],
    ['33 digits', `${SECRET}0`],
    ['a letter that is no hex digit', SECRET.replace('f', 'g')],
    ['the second of two', `${SECRET},wrong`],
  ])('warns of an APP_SECRET that cannot be right: %s', (_what, APP_SECRET) => {
    const [, ...warnings] = announced({ APP_SECRET });
    expect(warnings).toEqual([expect.stringContaining('"level":"warn"')]);
    expect(warnings.join()).toMatch(/APP_SECRET does not look like one .*App Dashboard/);
  });

  it('warns of a data folder that is open to others', () => {
    const [, ...warnings] = announced({ APP_SECRET: SECRET, DATA_DIR: '/srv/data' }, { isDataOpen: true });
    expect(warnings).toEqual([
      expect.stringMatching(/"data":"\/srv\/data".*DATA_DIR is open to other users.*chmod 700/),
    ]);
  });

  it('warns of a file of Pages that is open to others', () => {
    const file = writePages([{ id: '1', accessToken: 'page-token' }]);
    const settings = { PAGE_ACCESS_TOKEN: '', PAGES_FILE: file, APP_SECRET: SECRET };
    const [, ...warnings] = announced(settings, { isPagesFileOpen: true });
    expect(warnings).toEqual([expect.stringMatching(/pages\.json.*PAGES_FILE is open to other users.*chmod 600/)]);
  });

  it.each([
    ['http://graph.example', true],
    ['http://localhost:1338', false],
    ['http://127.0.0.1:1338', false],
    ['http://[::1]:1338', false],
    ['https://graph.example', false],
  ])('tells whether the token would cross the network unprotected to %s', (GRAPH_API_URL, warns) => {
    expect(announced({ APP_SECRET: SECRET, GRAPH_API_URL }).join().includes('unprotected')).toBe(warns);
  });
});

describe('a report of damage', () => {
  it('is an error line with its remedy, and none where nothing is damaged', () => {
    const lines: string[] = [];
    const config = loadConfig({ PAGE_ACCESS_TOKEN: 'page-token', VERIFY_TOKEN: 'verify-token' });
    const report = createDamageReport(createLogger(config, { write: (line) => void lines.push(line) }));
    report(undefined);
    expect(lines).toEqual([]);
    report('2 stored events have changed on disk');
    expect(lines.join()).toMatch(/"level":"error".*2 stored events have changed.*restore a backup/);
  });
});

describe('a report of files that were changed by somebody else', () => {
  it('is a warning that says what was found and what to do', () => {
    const lines: string[] = [];
    const config = loadConfig({ PAGE_ACCESS_TOKEN: 'page-token', VERIFY_TOKEN: 'verify-token' });
    createMendReport(createLogger(config, { write: (line) => void lines.push(line) }))('the data file was replaced');
    expect(lines.join()).toMatch(/"level":"warn".*the data file was replaced.*no event is lost. Find out who/);
  });
});

describe('a report of conversations that another instance has gone on with', () => {
  it('is a warning that says how many, and what can come of it', () => {
    const lines: string[] = [];
    const config = loadConfig({ PAGE_ACCESS_TOKEN: 'page-token', VERIFY_TOKEN: 'verify-token' });
    createLossReport(createLogger(config, { write: (line) => void lines.push(line) }))(3);
    expect(lines.join()).toMatch(/"level":"warn".*"conversations":3.*another instance.*may be sent twice/);
  });
});
