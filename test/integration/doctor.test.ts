import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import type { RequestListener } from 'node:http';
import path from 'node:path';
import { examineSite } from '../../src/cli/doctor/examine';
import { changing, oddGraph, type Spoil } from '../support/odd-graph';
import { startHttpServer } from '../support/http-server';
import { rightSetUp, type SetUp } from '../support/set-up';

const NEEDED = ['messages', 'messaging_postbacks', 'messaging_handovers', 'standby'];
const OPTIONAL = ['message_echoes', 'message_reads', 'messaging_referrals'];
const HOUR = 3_600_000;
const inSeconds = (ms: number) => Math.floor((Date.now() + ms) / 1_000);

const setUp =
  (wish: object) =>
  ({ sim }: SetUp) =>
    sim.control('PUT', '/setup', wish);
const trouble =
  (wish: object) =>
  ({ sim }: SetUp) =>
    sim.control('PUT', '/trouble', wish);
const envOf =
  (changes: Record<string, string | undefined>, more = '') =>
  ({ writeEnvFile }: SetUp) => {
    writeEnvFile(changes, more);
    return Promise.resolve();
  };
const right = ({ writeEnvFile }: SetUp) => {
  writeEnvFile();
};

/** What is made wrong, what is said then, and what mends it. */
interface Case {
  readonly what: string;
  readonly check: string;
  readonly spoil: (site: SetUp) => unknown;
  readonly says: RegExp;
  readonly remedy: RegExp;
  readonly mend: (site: SetUp) => unknown;
}

const cases: readonly Case[] = [
  {
    what: 'a setting that is missing',
    check: 'Settings',
    spoil: envOf({ VERIFY_TOKEN: undefined }),
    says: /^VERIFY_TOKEN is missing/,
    remedy: /^Put it right in \/.*\/\.env/,
    mend: right,
  },
  {
    what: 'a name that is misspelt',
    check: 'File .env',
    spoil: envOf({}, 'PAGE_ACESS_TOKEN=x'),
    says: /^PAGE_ACESS_TOKEN is no setting\.$/,
    remedy: /PAGE_ACCESS_TOKEN meant/,
    mend: right,
  },
  {
    what: 'a name in small letters',
    check: 'File .env',
    spoil: envOf({}, 'export port=1337'),
    says: /^port is no setting/,
    remedy: /PORT meant/,
    mend: right,
  },
  {
    what: 'a value that ends at its #',
    check: 'File .env',
    spoil: envOf({ VERIFY_TOKEN: 'private#part' }),
    says: /^the value of VERIFY_TOKEN ends at its #\.$/,
    remedy: /quotes.*VERIFY_TOKEN='…'/,
    mend: envOf({ VERIFY_TOKEN: "'private#part'" }),
  },
  {
    what: 'a value that is all #',
    check: 'File .env',
    spoil: envOf({ APP_SECRET: '#1a' }),
    says: /^the value of APP_SECRET ends at its #/,
    remedy: /quotes/,
    mend: right,
  },
  {
    what: 'a file that everybody may read',
    check: 'File .env',
    spoil: ({ writeEnvFile }) => {
      writeEnvFile({}, '', 0o644);
    },
    says: /every user of this machine/,
    remedy: /^chmod 600 \/.*\/\.env$/,
    mend: right,
  },
  {
    what: 'an address where nothing listens',
    check: 'Graph',
    spoil: envOf({ GRAPH_API_URL: 'http://127.0.0.1:9' }),
    says: /^Graph did not answer \/me: the connection is refused.*ECONNREFUSED/,
    remedy: /GRAPH_API_URL is http:\/\/127\.0\.0\.1:9, not https:\/\/graph\.facebook\.com/,
    mend: right,
  },
  {
    what: 'a Graph that fails',
    check: 'Graph',
    spoil: trouble({ serverErrors: true }),
    says: /HTTP 500/,
    remedy: /try again later/,
    mend: trouble({ serverErrors: false }),
  },
  {
    what: 'a Graph that never answers',
    check: 'Graph',
    spoil: async (site) => {
      site.hurry();
      await trouble({ timeouts: true })(site);
    },
    says: /nothing comes back in time \(ETIMEDOUT\)/,
    remedy: /network/,
    mend: trouble({ timeouts: false }),
  },
  {
    what: 'a limit that is exceeded',
    check: 'Graph',
    spoil: trouble({ rateLimited: true }),
    says: /code 613/,
    remedy: /over its limit/,
    mend: trouble({ rateLimited: false }),
  },
  {
    what: 'a token that is no longer valid',
    check: 'Token',
    spoil: trouble({ tokenInvalid: true }),
    says: /code 190/,
    remedy: /Generate a new Page access token.*GRAPH_API_URL is http:\/\/localhost/,
    mend: trouble({ tokenInvalid: false }),
  },
  {
    what: 'a token that ends',
    check: 'Token',
    spoil: setUp({ tokenExpiresAt: inSeconds(HOUR) }),
    says: /^it ends on 20\d\d-\d\d-\d\d: the bot then falls silent/,
    remedy: /has no end/,
    mend: setUp({ tokenExpiresAt: 0 }),
  },
  {
    what: 'a token of a user',
    check: 'Token',
    spoil: setUp({ tokenType: 'USER' }),
    says: /not of a Page but of kind USER: it speaks for "Ada Admin"/,
    remedy: /beside your Page/,
    mend: setUp({ tokenType: 'PAGE' }),
  },
  {
    what: 'a token of another app',
    check: 'Token',
    spoil: setUp({ tokenAppId: '7' }),
    says: /does not take it as a token of APP_ID: .*did not match/,
    remedy: /Generate/,
    mend: setUp({ tokenAppId: null }),
  },
  {
    what: 'a token that may not write',
    check: 'Token',
    spoil: setUp({ scopes: ['pages_manage_metadata'] }),
    says: /^it lacks the permission pages_messaging\.$/,
    remedy: /Grant pages_messaging/,
    mend: setUp({ scopes: ['pages_messaging', 'pages_manage_metadata'] }),
  },
  {
    what: 'a token that may not be subscribed with',
    check: 'Token',
    spoil: setUp({ scopes: ['pages_messaging'] }),
    says: /^it lacks the permission pages_manage_metadata\.$/,
    remedy: /Grant pages_manage_metadata/,
    mend: setUp({ scopes: ['pages_messaging', 'pages_manage_metadata'] }),
  },
  {
    what: 'a permission for another Page',
    check: 'Token',
    spoil: setUp({ scopeTargets: ['7'] }),
    says: /pages_messaging is for other Pages, not for "Corner Bakery"/,
    remedy: /Choose this Page/,
    mend: setUp({ scopeTargets: ['100200300400500', '7'] }),
  },
  {
    what: 'a wrong secret',
    check: 'App secret',
    spoil: envOf({ APP_SECRET: '0'.repeat(32) }),
    says: /^Graph refuses what is signed with APP_SECRET/,
    remedy: /Copy it again/,
    mend: right,
  },
  {
    what: 'the number of another app',
    check: 'App secret',
    spoil: envOf({ APP_ID: '77' }),
    says: /^APP_SECRET is not that of the app APP_ID names \(77\)/,
    remedy: /Compare both/,
    mend: right,
  },
  {
    what: 'a Page that is not subscribed',
    check: 'Page subscription',
    spoil: setUp({ pageFields: [] }),
    says: /tells this app nothing/,
    remedy: /^npm run subscribe -- --url https:\/\/YOUR-HOST\/webhook$/,
    mend: setUp({ pageFields: [...NEEDED, ...OPTIONAL] }),
  },
  {
    what: 'a field of the Page that is missing',
    check: 'Page subscription',
    spoil: setUp({ pageFields: ['messages', 'messaging_postbacks', 'messaging_handovers', ...OPTIONAL] }),
    says: /^not subscribed to standby\. Without standby the button/,
    remedy: /npm run subscribe/,
    mend: setUp({ pageFields: [...NEEDED, ...OPTIONAL] }),
  },
  {
    what: 'a field of the app that is missing',
    check: 'App subscription',
    spoil: setUp({ appFields: ['messages', 'standby'] }),
    says: /^not subscribed to messaging_postbacks, messaging_handovers\.$/,
    remedy: /npm run subscribe -- --url http:\/\/127\.0\.0\.1:\d+\/webhook/,
    mend: setUp({ appFields: [...NEEDED, ...OPTIONAL] }),
  },
  {
    what: 'a subscription that is switched off',
    check: 'App subscription',
    spoil: setUp({ active: false }),
    says: /switched off/,
    remedy: /npm run subscribe/,
    mend: setUp({ active: true }),
  },
  {
    what: 'an app without a webhook',
    check: 'App subscription',
    spoil: ({ sim }) => {
      sim.platform.webhooks.subscription.callbackUrl = undefined;
    },
    says: /^the app has no webhook for Pages/,
    remedy: /npm run subscribe/,
    mend: ({ sim, webhook: callbackUrl }) => sim.control('PUT', '/webhook', { callbackUrl }),
  },
  {
    what: 'a Page without a default application',
    check: 'Routing',
    spoil: trouble({ noDefaultApplication: true }),
    says: /no default application: taking control from the inbox is refused/,
    remedy: /facebook\.com\/100200300400500, Conversation Routing/,
    mend: trouble({ noDefaultApplication: false }),
  },
  {
    what: 'a bot that was started with another verify token',
    check: 'Webhook',
    spoil: envOf({ VERIFY_TOKEN: 'another' }),
    says: /refuses VERIFY_TOKEN \(HTTP 403\)/,
    remedy: /Restart it/,
    mend: right,
  },
  {
    what: 'a bot that takes no events',
    check: 'Bot',
    spoil: ({ answerReady }) => {
      answerReady(503, '{"ready":false,"reasons":[{"what":"queue_full","detail":"9 events wait."}]}');
    },
    says: /takes no events: 9 events wait\./,
    remedy: /log/,
    mend: ({ answerReady }) => {
      answerReady(200, '{"ready":true,"reasons":[]}');
    },
  },
];

describe('npm run doctor', () => {
  it('finds nothing wrong where nothing is, says what it cannot tell, and ends with 0', async () => {
    const site = await rightSetUp();
    const { code, output, complaints } = await site.doctor();
    expect([code, complaints]).toEqual([0, '']);
    const lines = output.split('\n').filter((line) => /^[✓✗?]/.test(line));
    expect(lines.filter((line) => line.startsWith('✗'))).toEqual([]);
    expect(lines.filter((line) => line.startsWith('?')).map((line) => line.slice(2, 12))).toEqual([
      'Routing   ',
      'App review',
    ]);
    expect(lines.map((line) => line.slice(2, 20).trim())).toEqual([
      ...['Settings', 'File .env', 'Production', 'Graph', 'Clock', 'Token', 'App secret'],
      ...['Data folder', 'Disk', 'Bot', 'Webhook', 'Wrong token', 'Signed events', 'Forged events'],
      ...['App subscription', 'Page subscription', 'Routing', 'Routing', 'App review'],
    ]);
    expect(output).toContain('of the Page "Corner Bakery" (100200300400500)');
    expect(output).toContain(`${process.cwd()}/.env`);
    expect(output).toMatch(/\n\n17 ✓ {2}0 ✗ {2}2 \? {2}Nothing is wrong\..*\n$/);
    for (const secret of ['pageAccessToken', 'appSecret', 'verifyToken'] as const)
      expect(output).not.toContain(site.sim.platform.settings[secret]);
  });

  it.each([[[]], [['--json']]])('ends as it must with %p, also when nobody reads', async (args) => {
    const site = await rightSetUp();
    const gone = { write: () => Promise.reject(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })) };
    expect(await site.doctor(args, {}, gone)).toMatchObject({ code: 0, complaints: '' });
    await site.sim.control('PUT', '/setup', { pageFields: [] });
    expect(await site.doctor(args, {}, gone)).toMatchObject({ code: 1, complaints: '' });
  });

  it('changes nothing', async () => {
    const site = await rightSetUp();
    await site.doctor();
    const made = site.sim.platform.wire.entries.filter(
      ({ method, direction }) => direction === 'graph' && method !== 'GET',
    );
    expect(made).toEqual([]);
    expect(fs.readdirSync(site.folder)).toEqual(['.env']);
  });

  it.each(cases.map((one) => [one.what, one] as const))(
    'finds %s, says what to do, and is content when it is mended',
    async (_what, one) => {
      const site = await rightSetUp();
      await one.spoil(site);
      const spoilt = await site.find(one.check);
      expect(spoilt.map(({ mark }) => mark)).toContain('wrong');
      const [found] = spoilt.filter(({ mark }) => mark === 'wrong');
      expect(found?.text).toMatch(one.says);
      expect(found?.remedy).toMatch(one.remedy);
      const { code, output } = await site.doctor();
      expect(code).toBe(1);
      expect(output).toContain(`Begin with `);
      expect(output).not.toContain('private');
      await one.mend(site);
      expect((await site.find(one.check)).filter(({ mark }) => mark === 'wrong')).toEqual([]);
      expect((await site.find(one.check))[0]?.mark).toBe('ok');
    },
  );

  it.each([
    ['Graph does not answer', trouble({ serverErrors: true }), 'Graph does not answer as it should: see Graph.', 5],
    ['the token is refused', trouble({ tokenInvalid: true }), 'Graph refuses the token: see Token.', 2],
    [
      'the settings are not complete',
      envOf({ VERIFY_TOKEN: undefined }),
      'the settings are not complete: see Settings.',
      17,
    ],
  ])('does not repeat ten times that %s', async (_what, spoil, reason, times) => {
    const site = await rightSetUp();
    await spoil(site);
    const { output } = await site.doctor();
    expect(output.split('\n').filter((line) => line.startsWith('✗'))).toHaveLength(1);
    expect(output.split(`not checked, because ${reason}`)).toHaveLength(times + 1);
  });
});

describe('a proxy', () => {
  it('whose address is none is a setting that is wrong', async () => {
    const site = await rightSetUp();
    site.writeEnvFile({ GRAPH_API_URL: 'https://graph.example' });
    process.env['HTTPS_PROXY'] = 'nonsense://';
    try {
      expect((await site.find('Settings'))[0]).toMatchObject({
        mark: 'wrong',
        text: expect.stringMatching(/^HTTPS_PROXY must be an address/) as string,
      });
    } finally {
      delete process.env['HTTPS_PROXY'];
    }
  });
});

describe('what the doctor cannot tell', () => {
  const marksOf = async (site: SetUp, name: string) => (await site.find(name)).map(({ mark }) => mark);

  it('is much, without the number and the secret of the app: it says what to set', async () => {
    const site = await rightSetUp();
    site.writeEnvFile({ APP_ID: undefined });
    const [token] = await site.find('Token');
    expect(token).toMatchObject({ mark: 'unknown', remedy: expect.stringContaining('App settings > Basic') as string });
    expect(token?.text).toMatch(/^valid: it opens "Corner Bakery" \(100200300400500\).*because APP_ID is not set\.$/);
    expect((await site.find('App subscription'))[0]?.text).toBe('not checked, because APP_ID is not set.');
    expect(await site.find('App secret')).toMatchObject([{ mark: 'ok', text: 'Graph takes what is signed with it.' }]);
    expect(await marksOf(site, 'Page subscription')).toEqual(['ok']);
    expect((await site.find('App review'))[0]?.remedy).toBe('Look at https://developers.facebook.com/apps/');
  });

  it('is whether anyone forges events, without a secret', async () => {
    const site = await rightSetUp();
    site.writeEnvFile({ APP_SECRET: undefined, APP_ID: undefined, NODE_ENV: undefined });
    expect(await site.find('App secret')).toMatchObject([
      { mark: 'unknown', text: 'APP_SECRET is not set: anyone can forge events.' },
    ]);
    expect((await site.find('Production'))[0]).toMatchObject({ mark: 'unknown', text: 'NODE_ENV is not production.' });
    expect((await site.find('App subscription'))[0]?.text).toContain('APP_ID and APP_SECRET are not set.');
  });

  it('is what a group reads, what a # means, and where .env is', async () => {
    const site = await rightSetUp();
    site.writeEnvFile({ VERIFY_TOKEN: 'two words #1', UNLIKE_ANYTHING_KNOWN: '1', PORT: '1337 # the port' }, '', 0o640);
    const found = await site.find('File .env');
    expect(found.map(({ mark, text }) => [mark, text])).toEqual([
      ['unknown', 'its group may read the secrets.'],
      ['unknown', 'the value of VERIFY_TOKEN ends before a #.'],
    ]);
    const environment = site.environment();
    fs.rmSync(site.envFile);
    expect((await site.find('Settings', [], { env: environment }))[0]).toMatchObject({
      mark: 'ok',
      text: `complete, from the environment and no file (there is no ${site.envFile}).`,
    });
    expect((await site.find('File .env'))[0]).toMatchObject({ mark: 'unknown', text: `there is no ${site.envFile}.` });
  });

  it('is the kind of events that the metrics lack', async () => {
    const site = await rightSetUp();
    await site.sim.control('PUT', '/setup', { pageFields: NEEDED, appFields: [...NEEDED, 'message_echoes'] });
    expect((await site.find('Page subscription'))[0]).toMatchObject({
      mark: 'unknown',
      text: expect.stringContaining(
        'not message_echoes: the metrics cannot tell whether a human has answered',
      ) as string,
    });
    expect((await site.find('App subscription'))[0]).toMatchObject({
      mark: 'ok',
      text: expect.stringContaining('without message_reads and messaging_referrals') as string,
    });
  });

  it('is why Graph is slow', async () => {
    const site = await rightSetUp();
    await site.sim.control('PUT', '/trouble', { latencyMs: 1_100 });
    expect((await site.find('Graph'))[0]).toMatchObject({
      mark: 'unknown',
      remedy: expect.stringContaining('slow') as string,
    });
    await site.sim.control('PUT', '/trouble', { latencyMs: 0 });
    expect(await marksOf(site, 'Graph')).toEqual(['ok']);
  });

  it('is for how long data may still be seen', async () => {
    const site = await rightSetUp();
    const days = (count: number) => ({ dataAccessExpiresAt: inSeconds(count * 24 * HOUR) });
    await site.sim.control('PUT', '/setup', days(13));
    expect((await site.find('Token'))[0]).toMatchObject({
      mark: 'unknown',
      text: expect.stringMatching(/^its access to data ends on 20/) as string,
    });
    await site.sim.control('PUT', '/setup', days(15));
    expect(await marksOf(site, 'Token')).toEqual(['ok']);
    await site.sim.control('PUT', '/setup', { tokenExpiresAt: 1e15 });
    expect((await site.find('Token'))[0]?.text).toBe(
      'it ends on 1000000000000000 s after 1970: the bot then falls silent.',
    );
  });

  it('is whether a bot runs, where none answers, or something else does', async () => {
    const site = await rightSetUp();
    site.answerReady(404, 'not found');
    expect((await site.find('Bot'))[0]?.text).toMatch(
      /^something else than a bot answers at 127.0.0.1:\d+ \(HTTP 404\)/,
    );
    for (const status of [200, 503])
      for (const body of [
        'down',
        '',
        '<html>hello',
        '{}',
        '[]',
        '{"ready":"yes","reasons":[]}',
        '{"ready":false,"reasons":[]}',
      ]) {
        site.answerReady(status, body);
        expect([body, await site.find('Bot')]).toMatchObject([
          body,
          [{ mark: 'unknown', text: expect.stringMatching(/^something else than a bot answers at/) as string }],
        ]);
      }
    site.writeEnvFile({ OPERATIONS_PORT: '9' });
    expect((await site.find('Bot'))[0]?.text).toBe(
      'no bot runs on this machine with these settings (nothing at 127.0.0.1:9).',
    );
    site.writeEnvFile({ OPERATIONS_PORT: '9', OPERATIONS_HOST: '::' });
    expect((await site.find('Bot'))[0]?.text).toContain('127.0.0.1:9');
    site.writeEnvFile({ OPERATIONS_PORT: '9', OPERATIONS_HOST: '::1' });
    expect((await site.find('Bot'))[0]?.text).toContain('[::1]:9');
    site.writeEnvFile({ OPERATIONS_PORT: '0' });
    expect((await site.find('Bot'))[0]?.text).toContain('OPERATIONS_PORT is 0');
  });
});

describe('the bot that answers', () => {
  it('is the one on this data folder, or another one', async () => {
    const site = await rightSetUp();
    const folder = path.join(fs.realpathSync(site.folder), 'Köln');
    site.writeEnvFile({ DATA_DIR: './Köln' });
    const answer = (dataDir: string, ready = true) => {
      const reasons = ready ? [] : [{ what: 'queue_full', detail: '9 events wait.' }];
      site.answerReady(ready ? 200 : 503, JSON.stringify({ ready, reasons, dataDir }));
    };
    answer(folder);
    expect((await site.find('Bot'))[0]?.mark).toBe('ok');
    fs.mkdirSync(folder);
    fs.symlinkSync(folder, path.join(site.folder, 'link'));
    answer(path.join(site.folder, 'link'));
    expect((await site.find('Bot'))[0]?.mark).toBe('ok');
    answer(folder, false);
    expect((await site.find('Bot'))[0]?.mark).toBe('wrong');
    for (const ready of [true, false]) {
      answer('/srv/other bot', ready);
      expect(await site.find('Bot')).toMatchObject([
        { mark: 'unknown', text: 'another bot, on /srv/other bot, answers there.' },
      ]);
    }
  });
});

describe('the clock', () => {
  it.each([
    [61_500, 'wrong', /^this machine's clock is 6\d s ahead of Graph's\.$/],
    [-61_500, 'wrong', /^this machine's clock is 6\d s behind Graph's\.$/],
    [30_000, 'ok', /^(29|30|31) s ahead of/],
    [0, 'ok', /^agrees/],
  ])('that is off by %d ms is %s', async (off, mark, text) => {
    const site = await rightSetUp();
    const found = await site.find('Clock', [], { now: () => Date.now() + off });
    expect(found).toMatchObject([{ mark, text: expect.stringMatching(text) as string }]);
  });

  it("is compared with the platform's time, which can be moved", async () => {
    const site = await rightSetUp();
    await site.sim.control('POST', '/time', { advanceMs: 10 * 60_000 });
    expect((await site.find('Clock'))[0]).toMatchObject({
      mark: 'wrong',
      remedy: 'Let it be set by the network: timedatectl set-ntp true',
    });
  });
});

describe('a Graph that never answers', () => {
  it('is waited for 10 seconds, and no longer', async () => {
    const site = await rightSetUp();
    await site.sim.control('PUT', '/trouble', { timeouts: true });
    jest.useFakeTimers({ doNotFake: ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate'] });
    try {
      let isOver = false;
      const found = examineSite({ env: site.environment(), now: Date.now }).then((all) => {
        isOver = true;
        return all;
      });
      jest.advanceTimersByTime(9_999);
      for (let turns = 0; turns < 50; turns += 1) await new Promise(setImmediate);
      expect(isOver).toBe(false);
      jest.advanceTimersByTime(1);
      expect((await found).find(([{ name }]) => name === 'Graph')?.[1]).toMatchObject([{ mark: 'wrong' }]);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('a Graph that does not tell the time', () => {
  it('leaves the clock unchecked', async () => {
    const site = await rightSetUp();
    const { url } = await startHttpServer((_req, res) => {
      res.sendDate = false;
      res.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    });
    site.writeEnvFile({ GRAPH_API_URL: url });
    expect((await site.find('Clock'))[0]?.text).toBe('not checked, because Graph has not told its time.');
  });
});

describe('the machine', () => {
  const free = (mib: number) =>
    jest
      .spyOn(fs.promises, 'statfs')
      .mockResolvedValue(Object.assign(Object.create(null), { bavail: mib * 256, bsize: 4_096 }) as fs.StatsFs);

  it.each([
    [99, 'wrong'],
    [100, 'unknown'],
    [1_023, 'unknown'],
    [1_024, 'ok'],
  ])('has a disk with %d MiB left: %s', async (mib, mark) => {
    const site = await rightSetUp();
    free(mib);
    expect(await site.find('Disk')).toMatchObject([
      { mark, text: `${mib} MiB are free on the disk of the data folder.` },
    ]);
  });

  it('has a disk that cannot be asked', async () => {
    const site = await rightSetUp();
    jest.spyOn(fs.promises, 'statfs').mockRejectedValue(new Error('ENOSYS: function not implemented'));
    expect((await site.find('Disk'))[0]?.text).toBe('not checked, because ENOSYS: function not implemented');
  });

  it('has a disk that hangs: it is waited for 25 seconds, and no longer', async () => {
    const site = await rightSetUp();
    jest.spyOn(fs.promises, 'statfs').mockReturnValue(new Promise(() => undefined));
    jest.useFakeTimers({ doNotFake: ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate'] });
    try {
      const found = site.find('Disk');
      let isFound = false;
      void found.then(() => (isFound = true));
      jest.advanceTimersByTime(24_999);
      for (let turns = 0; turns < 50; turns += 1) await new Promise(setImmediate);
      expect(isFound).toBe(false);
      jest.advanceTimersByTime(1);
      expect((await found)[0]?.text).toBe('not checked, because it took longer than 25 seconds.');
    } finally {
      jest.useRealTimers();
    }
  });

  it('has a data folder, or will have one, or cannot', async () => {
    const site = await rightSetUp();
    expect((await site.find('Data folder'))[0]?.text).toMatch(/\/data will be made at the first start\.$/);
    fs.mkdirSync(path.join(site.folder, 'data'));
    expect((await site.find('Data folder'))[0]?.text).toMatch(/\/data can be read and written\.$/);
    jest.spyOn(fs, 'accessSync').mockImplementation(() => {
      throw new Error('EROFS: read-only file system');
    });
    site.writeEnvFile({ DATA_DIR: './elsewhere/deep' });
    expect((await site.find('Data folder'))[0]).toMatchObject({ mark: 'wrong', text: 'EROFS: read-only file system.' });
  });

  it('says of a folder whose events were moved elsewhere where they are', async () => {
    const site = await rightSetUp();
    fs.mkdirSync('data');
    fs.writeFileSync('data/moved', 'the database bot at db.example');
    expect(await site.find('Data folder')).toEqual([
      {
        ...{ name: 'Data folder', mark: 'wrong' },
        text: expect.stringMatching(/\/data were moved to the database bot at db\.example\.$/) as string,
        remedy: 'Set DATABASE_URL as the bots there have it, or DATA_DIR to another folder.',
      },
    ]);
  });

  it('looks at the database instead, where one is set, whatever folder a bot of this machine has', async () => {
    const site = await rightSetUp();
    site.writeEnvFile({ DATABASE_URL: 'postgres://bot:a-secret-password@127.0.0.1:9/bot' });
    site.answerReady(200, '{"ready":true,"reasons":[],"dataDir":"/another"}');
    expect(await site.find('Database')).toEqual([
      {
        ...{ name: 'Database', mark: 'wrong' },
        text: '127.0.0.1:9/bot cannot be used: the connection is refused, nothing listens there (ECONNREFUSED).',
        remedy: expect.stringMatching(/^Start it, or put its right address into DATABASE_URL/) as string,
      },
    ]);
    expect([await site.find('Data folder'), await site.find('Disk')]).toEqual([[], []]);
    expect((await site.find('Bot'))[0]?.mark).toBe('ok');
  });

  it('has a .env that may not be read', async () => {
    const site = await rightSetUp();
    fs.rmSync(site.envFile);
    fs.mkdirSync(site.envFile); // root may read everything but this
    expect((await site.find('Settings'))[0]?.text).toMatch(/^The file \.env is no regular file/);
    const unreadable = { mark: 'wrong', text: `${site.envFile} is no regular file.` };
    expect((await site.find('File .env'))[0]).toMatchObject(unreadable);
    fs.rmdirSync(site.envFile);
    execFileSync('mkfifo', [site.envFile]); // whoever reads it would wait for ever
    expect((await site.find('File .env'))[0]).toMatchObject(unreadable);
  });

  it('has a .env that an editor has stored otherwise', async () => {
    const site = await rightSetUp();
    const env = site.environment();
    fs.writeFileSync(site.envFile, fs.readFileSync(site.envFile, 'utf8'), 'utf16le');
    expect((await site.find('File .env', [], { env }))[0]).toMatchObject({
      mark: 'wrong',
      text: `${site.envFile} is in UTF-16, which the bot does not read.`,
      remedy: 'Save it as UTF-8.',
    });
    expect((await site.find('Settings', [], { env }))[0]?.text).toBe(
      `complete, from the environment and no file (${site.envFile} is in UTF-16, which the bot does not read).`,
    );
  });
});

describe('a hostile Graph', () => {
  const html = '<!doctype html><title>Log in to the hotel</title>';
  const error =
    (status: number, content: object): RequestListener =>
    (_req, res) => {
      res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify({ error: content }));
    };

  it.each<[string, RequestListener, RegExp]>([
    [
      'is a login page',
      (_req, res) => void res.setHeader('Content-Type', 'text/html').end(html),
      /not in the form of a Graph answer/,
    ],
    ['does not know the version', error(400, { message: 'Unknown path components', code: 2500 }), /code 2500/],
    ['hangs up', (_req, res) => void res.destroy(), /closed at once \(ECONNRESET\)/],
    ['sends tricks for the terminal', error(500, { message: 'ha\u001b[2Jha', code: 1 }), /ha \[2Jha/],
  ])('that %s gets a line, and all others say where it stands', async (_what, listener, text) => {
    const site = await rightSetUp();
    site.writeEnvFile({ GRAPH_API_URL: (await startHttpServer(listener)).url });
    const { output, complaints } = await site.doctor();
    expect(complaints).toBe('');
    expect(output.split('\n').find((line) => line.startsWith('✗ Graph'))).toMatch(text);
    expect(output.split('\n').filter((line) => line.startsWith('✗'))).toHaveLength(1);
    expect(output).not.toContain('    at ');
  });

  it('may answer one question, and fail the others', async () => {
    const site = await rightSetUp();
    const { url } = await startHttpServer((req, res) => {
      const answer = req.url?.startsWith('/me?fields=id')
        ? { id: 1, name: 'P' }
        : { error: { message: 'broken', code: 2 } };
      res.writeHead('error' in answer ? 500 : 200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
    });
    site.writeEnvFile({ GRAPH_API_URL: url });
    for (const check of ['Token', 'Page subscription', 'App subscription', 'Routing'])
      expect(await site.find(check)).toMatchObject([
        { mark: 'unknown', text: expect.stringMatching(/^not checked: .*broken\.$/) as string },
      ]);
    expect((await site.find('Webhook'))[0]).toMatchObject({
      mark: 'unknown',
      remedy: expect.stringContaining('--url') as string,
    });
  });

  it('may tell nothing at all, or refuse what it has to be asked', async () => {
    const site = await rightSetUp();
    let answer: object = {};
    let status = 200;
    const owner = { id: '100200300400500', name: 'Corner Bakery' };
    const { url } = await startHttpServer((req, res) => {
      const isFirst = req.url?.startsWith('/me?fields=id');
      res
        .writeHead(isFirst ? 200 : status, { 'Content-Type': 'application/json' })
        .end(JSON.stringify(isFirst ? owner : answer));
    });
    site.writeEnvFile({ GRAPH_API_URL: url });
    for (const check of ['Token', 'Page subscription'])
      expect(await site.find(check)).toMatchObject([
        { mark: 'unknown', text: expect.stringMatching(/^not checked: .* is not understood\.$/) as string },
      ]);
    expect((await site.find('App secret'))[0]?.text).toBe(
      'not checked, because Graph tells nothing of the token: see Token.',
    );
    expect((await site.find('Routing'))[0]?.text).toBe('Graph does not tell whether Conversation Routing is on.');
    expect((await site.find('Webhook'))[0]?.text).toContain('Graph does not tell its address');
    [status, answer] = [403, { error: { message: 'Requires pages_manage_metadata permission', code: 200 } }];
    expect((await site.find('Page subscription'))[0]).toMatchObject({
      mark: 'wrong',
      text: expect.stringContaining('code 200') as string,
    });
    expect((await site.find('Routing'))[0]).toMatchObject({ mark: 'wrong' });
    expect((await site.find('Token'))[0]).toMatchObject({
      mark: 'wrong',
      text: expect.stringContaining('another app than APP_ID') as string,
    });
    expect((await site.find('App subscription'))[0]).toMatchObject({ mark: 'wrong' });
    [status, answer] = [200, { data: [{ id: '1' }, { id: '2' }] }];
    site.writeEnvFile({ GRAPH_API_URL: url, APP_ID: undefined });
    expect((await site.find('Page subscription'))[0]?.text).toBe('the Page tells 2 apps; which is this one?');
  });
});

describe('a Graph whose answers are odd', () => {
  it.each<[string, Spoil]>([
    ['cut short', (text) => text.slice(0, -3)],
    ['broken off', () => undefined],
    ['lists', () => '[]'],
    ['empty', () => '{}'],
  ])('is believed in nothing when they are %s', async (_what, spoil) => {
    const site = await rightSetUp();
    site.writeEnvFile({ GRAPH_API_URL: await oddGraph(site.sim.url, '/', spoil) });
    const { code, output } = await site.doctor();
    expect(code).toBe(1);
    const checks = ['Graph', 'Token', 'App secret', 'Webhook', 'App subscription', 'Page subscription', 'Routing'];
    const marks = checks.map((name) =>
      output
        .split('\n')
        .find((line) => line.slice(2).startsWith(name))
        ?.charAt(0),
    );
    expect(marks).toEqual(['✗', '?', '?', '?', '?', '?', '?']);
    expect(output).not.toContain('NaN');
  });

  it.each<[string, string, object]>([
    ['type', 'it is valid, but whether it is of a Page, Graph does not tell.', { type: undefined }],
    ['end', 'it is valid, but when it ends, Graph does not tell.', { expires_at: undefined }],
    ['permissions', 'it is valid, but what it may do, Graph does not tell.', { scopes: undefined }],
    ['validity', "not checked: Graph's answer to /debug_token is not understood.", { is_valid: undefined }],
  ])('is not believed in a token without %s', async (_what, text, without) => {
    const site = await rightSetUp();
    const spoil = changing((data) => Object.assign(data, without));
    site.writeEnvFile({ GRAPH_API_URL: await oddGraph(site.sim.url, '/debug_token', spoil) });
    expect(await site.find('Token')).toMatchObject([{ mark: 'unknown', text }]);
  });

  it('may tell the end of a token in digits', async () => {
    const site = await rightSetUp();
    const spoil = changing((data) => Object.assign(data, { expires_at: '1800000000' }));
    site.writeEnvFile({ GRAPH_API_URL: await oddGraph(site.sim.url, '/debug_token', spoil) });
    expect(await site.find('Token')).toMatchObject([
      { mark: 'wrong', text: 'it ends on 2027-01-15: the bot then falls silent.' },
    ]);
  });
});
