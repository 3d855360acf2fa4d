import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import path from 'node:path';
import { runBuilt } from '../support/built-server';
import { eventOf, fixtureOfNow } from '../support/fixtures';
import { graphStandIn } from '../support/graph-stand-in';
import { writePages } from '../support/pages';
import { settings, startServer } from '../support/started-server';
import { temporaryFolder } from '../support/temporary-folder';

const queueCommand = path.join(__dirname, '..', '..', 'dist', 'cli', 'queue.js');

const bakery = {
  id: '100200300400500',
  name: 'Bakery',
  accessToken: 'EAAtokenofbakery',
  instagramId: '17841400000000000',
};
const florist = { id: '100200300400501', name: 'Florist', accessToken: 'EAAtokenofflorist' };
const butcher = { id: '100200300400502', name: 'Butcher', accessToken: 'EAAtokenofbutcher' };
const newBakery = { ...bakery, accessToken: 'EAAnewtokenofbakery' };
const known = [bakery, florist, butcher, newBakery];

let messages = 0;
const messageTo = (page: string) => {
  messages += 1;
  const event = eventOf({ message: { mid: `m_${messages}`, text: 'hi' } }, Date.now(), `2460100000000${messages}`);
  return JSON.stringify({ object: 'page', entry: [{ id: page, time: Date.now(), messaging: [event] }] });
};

/** A Graph that knows whose each token is. */
const graphOfAll = () =>
  graphStandIn(({ path: called, query }) => {
    const owner = known.find(({ accessToken }) => accessToken === query['access_token']);
    if (!owner)
      return [400, { error: { message: `Malformed access token ${String(query['access_token'])}`, code: 190 } }];
    return called === '/me' ? [200, { id: owner.id, name: owner.name }] : [200, { success: true }];
  });

describe('the built server with several Pages', () => {
  it('answers each with its token, and follows the list as Pages join, leave and get new tokens', async () => {
    const graph = await graphOfAll();
    const folder = temporaryFolder();
    const file = writePages([bakery, florist]);
    chmodSync(file, 0o644);
    const server = await startServer(graph.url, { PAGE_ACCESS_TOKEN: '', PAGES_FILE: file, DATA_DIR: folder });
    await server.line(
      'PAGES_FILE is open to other users of this machine: they may read the tokens. Keep it to yourself with chmod 600.',
    );
    const sent = () => graph.calls.filter(({ path: called }) => called === '/me/messages');
    const post = async (body: string) => {
      expect((await server.post(body)).status).toBe(200);
    };
    const answeredWith = async (token: string, body: string) => {
      const before = graph.calls.length;
      await post(body);
      await graph.got(before + 1);
      expect(sent().at(-1)?.query['access_token']).toBe(token);
    };
    await answeredWith(bakery.accessToken, messageTo(bakery.id));
    await answeredWith(florist.accessToken, messageTo(florist.id));
    await answeredWith(bakery.accessToken, fixtureOfNow('instagram-message'));

    await post(messageTo(butcher.id));
    const warning =
      'a Page is not in PAGES_FILE: its events are set aside until it is; then npm run queue -- retry --all';
    expect(await server.line(warning)).toMatchObject({ level: 'warn', page: butcher.id });

    writePages('[\n{"id": "100200300400502",\n"accessToken": "EAAtokenof butcher"}]', file);
    server.kill('SIGHUP');
    expect(await server.line('the settings were read again and are wrong: the old ones stay')).toMatchObject({
      problems: [expect.stringMatching(/^PAGES_FILE, line 3: accessToken holds a space/)],
    });
    writePages([{ ...newBakery, accessToken: 'EAAtokenofnobody' }, butcher], file);
    server.kill('SIGHUP');
    const refused = await server.line(
      'the settings were read again, but Graph refuses the new ones: the old ones stay',
    );
    expect(refused['reason']).toMatch(/^Page "Bakery" \(100200300400500\): .*Malformed access token \[redacted\]/);
    await answeredWith(bakery.accessToken, messageTo(bakery.id));

    writePages([newBakery, butcher], file);
    server.kill('SIGHUP');
    expect(await server.line('secrets were replaced; what is held is tried at once')).toMatchObject({
      changed: ['PAGES_FILE'],
      joined: ['Butcher'],
      left: ['Florist'],
      newToken: ['Bakery'],
    });
    await answeredWith(newBakery.accessToken, messageTo(bakery.id));
    await answeredWith(butcher.accessToken, messageTo(butcher.id));

    const before = graph.calls.length;
    const { PATH = '' } = process.env;
    const retried = spawnSync(process.execPath, [queueCommand, 'retry', '--all', '--page', 'Butcher'], {
      cwd: temporaryFolder(),
      env: { PATH, DATA_DIR: folder, PAGES_FILE: file },
      encoding: 'utf8',
    });
    expect([retried.stderr, retried.stdout]).toEqual(['', expect.stringMatching(/^1 put back\./)]);
    await graph.got(before + 1);
    expect(sent().at(-1)?.query['access_token']).toBe(butcher.accessToken);

    server.kill('SIGTERM');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(server.output()).not.toMatch(/EAA/);
    expect(server.output().split(warning)).toHaveLength(2);
  });

  it('keeps and sets aside what comes for a Page that has left', async () => {
    const graph = await graphOfAll();
    const file = writePages([bakery, florist]);
    const server = await startServer(graph.url, { PAGE_ACCESS_TOKEN: '', PAGES_FILE: file });
    writePages([bakery], file);
    server.kill('SIGHUP');
    expect(await server.line('secrets were replaced; what is held is tried at once')).toMatchObject({
      left: ['Florist'],
    });
    expect((await server.post(messageTo(florist.id))).status).toBe(200);
    expect(await server.line('event set aside; see it with: npm run queue -- show ID')).toMatchObject({
      level: 'debug',
      page: florist.id,
      reason: `No token for Page ${florist.id}: add it to PAGES_FILE, reload the bot, then npm run queue -- retry ID.`,
    });
    expect(graph.calls).toEqual([]);
  });

  it('does not start with a mistake in the list, and says where it is', async () => {
    const file = writePages('[\n{"id": "1",\n"acessToken": "EAAsecretsecret"}]');
    const server = runBuilt({ ...settings, PAGE_ACCESS_TOKEN: '', PAGES_FILE: file });
    expect(await server.exited).toBe(1);
    expect(server.output()).toMatch(
      /^The bot cannot start: 2 settings need attention\.\n {2}- PAGES_FILE, line 2: accessToken is missing\..*\n {2}- PAGES_FILE, line 3: acessToken is not known here.*\nPut it right in \/.*pages\.json \(see docs\/pages\.md\), and start again\.\n$/,
    );
  });
});
