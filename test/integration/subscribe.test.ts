import * as pageSetup from '../../src/messenger/page-setup';
import { runSubscribeCommand } from '../../src/cli/subscribe';
import type { Terminal } from '../../src/cli/terminal';
import type { Platform } from '../../src/simulator/platform';
import { FIELDS } from '../../src/simulator/settings';
import { changing, oddGraph, type Spoil } from '../support/odd-graph';
import { scriptedTerminal } from '../support/scripted-terminal';
import { rightSetUp, type SetUp } from '../support/set-up';

const ALL = FIELDS.filter((field) => field !== 'message_deliveries');

/** An app and a Page that know nothing of the bot yet. */
async function newSetUp() {
  const site = await rightSetUp();
  const { subscription } = site.sim.platform.webhooks;
  subscription.callbackUrl = undefined;
  subscription.appFields.clear();
  subscription.pageFields.clear();
  return site;
}

async function subscribe(site: SetUp, args: readonly string[] = [], answer?: string, change: Partial<Terminal> = {}) {
  const { terminal, said } = scriptedTerminal(answer);
  const env = site.environment();
  const code = await runSubscribeCommand(['--url', site.webhook, ...args], env, {
    ...{ ...terminal, now: () => Date.now() },
    ...change,
  });
  return { code, ...said() };
}

const posts = ({ wire }: Platform) =>
  wire.entries.filter(({ method, direction }) => direction === 'graph' && method !== 'GET');
const containing = (text: string) => expect.stringContaining(text) as string;

describe('npm run subscribe', () => {
  it('shows what it will change, asks, changes it, and looks everything over', async () => {
    const site = await newSetUp();
    const { code, output, questions, complaints } = await subscribe(site, [], ' Yes ');
    expect([code, complaints]).toEqual([0, '']);
    expect(questions).toEqual(['Change it? (yes/no) ']);
    expect(output).toContain(
      `App subscription:\n  + events go to ${site.webhook} (now: nowhere)\n  + also messages, messaging_postbacks`,
    );
    expect(output).toContain(
      'Page subscription:\n  + also messages, messaging_postbacks, messaging_handovers, standby, message_echoes',
    );
    expect(output).toContain('Get Started button:\n');
    expect(output).toContain('Done: App subscription, Page subscription, Get Started button.\n');
    expect(output).toMatch(/✓ App subscription .*\n[^]*0 ✗/);
    const { webhooks, profile } = site.sim.platform;
    expect(webhooks.subscription).toMatchObject({
      callbackUrl: site.webhook,
      appFields: new Set(ALL),
      pageFields: new Set(ALL),
    });
    expect(profile).toEqual({ get_started: { payload: 'GET_STARTED' } });
  });

  it('changes nothing when it is run again, and says so', async () => {
    const site = await newSetUp();
    await subscribe(site, ['--yes']);
    const before = posts(site.sim.platform).length;
    const { code, output, questions } = await subscribe(site);
    expect([code, questions]).toEqual([0, []]);
    expect(output).toMatch(/^Nothing is to be changed\.\n/);
    expect(output).not.toContain('Done:');
    expect(posts(site.sim.platform)).toHaveLength(before);
  });

  it.each<[string, (address: string) => string]>([
    ['a blank', (address) => ` ${address} `],
    ['capital letters', (address) => address.replace('http:', 'HTTP:')],
  ])('takes an address for the same when it is spelt with %s', async (_what, spell) => {
    const site = await newSetUp();
    const args = ['--yes', '--url', spell(site.webhook)];
    expect(await subscribe(site, args)).toMatchObject({ code: 0, output: containing('✓ App subscription') });
    site.sim.platform.webhooks.subscription.callbackUrl = spell(site.webhook);
    expect((await subscribe(site, args)).output).toMatch(/^Nothing is to be changed\.\n/);
  });

  it('shows no more of an address than may be seen', async () => {
    const site = await newSetUp();
    site.sim.platform.webhooks.subscription.callbackUrl = 'https://me:pass-word@old.example/?key=the-key';
    const { output } = await subscribe(site, ['--url', `${site.webhook}?key=the-key`], 'no');
    expect(output).toContain(`+ events go to ${site.webhook}?… (now: https://old.example/?…)\n`);
    expect(output).not.toMatch(/pass-word|the-key/);
  });

  it('keeps what is there: further fields, and a Get Started button', async () => {
    const site = await newSetUp();
    const { platform, graph } = { platform: site.sim.platform, graph: site.sim };
    await graph.control('PUT', '/setup', {
      appFields: ['message_deliveries'],
      pageFields: ['message_deliveries', 'messages'],
    });
    platform.webhooks.subscription.callbackUrl = site.webhook;
    platform.profile = { get_started: { payload: 'MINE' } };
    const { output } = await subscribe(site, ['--yes']);
    expect(output).not.toContain('Get Started button');
    expect(platform.profile).toEqual({ get_started: { payload: 'MINE' } });
    expect(platform.webhooks.subscription).toMatchObject({ appFields: new Set(FIELDS), pageFields: new Set(FIELDS) });
  });

  it('moves the webhook, and switches it on again', async () => {
    const site = await newSetUp();
    await subscribe(site, ['--yes']);
    await site.sim.control('PUT', '/setup', { active: false });
    site.sim.platform.webhooks.subscription.callbackUrl = 'https://old.example/webhook';
    const { output } = await subscribe(site, ['--yes']);
    expect(output).toContain(
      `+ events go to ${site.webhook} (now: https://old.example/webhook)\n  + is switched on again\n`,
    );
    expect(output).not.toContain('Page subscription:');
    expect(site.sim.platform.webhooks.subscription).toMatchObject({ callbackUrl: site.webhook, isActive: true });
  });

  it.each([
    ['no', 'Nothing was changed.'],
    ['yesterday', 'Nothing was changed.'],
    [undefined, 'Nobody is there to confirm: add --yes.'],
  ])('does nothing after the answer %p', async (answer, complaint) => {
    const site = await newSetUp();
    expect(await subscribe(site, [], answer)).toMatchObject({ code: 1, complaints: containing(complaint) });
    expect(posts(site.sim.platform)).toEqual([]);
  });

  it('tells a program what it did, as JSON alone', async () => {
    const site = await newSetUp();
    const { code, output } = await subscribe(site, ['--yes', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({
      changes: [
        { name: 'App subscription', done: true },
        { name: 'Page subscription', done: true },
        { name: 'Get Started button', done: true },
      ],
      doctor: { wrong: 0 },
    });
    expect(await subscribe(site, ['--json'])).toMatchObject({
      code: 1,
      output: '',
      complaints: containing('--json goes with --yes.'),
    });
  });

  it('says what was done and what was not when a step fails, and can go on from there', async () => {
    const site = await newSetUp();
    site.writeEnvFile({ VERIFY_TOKEN: 'another' });
    const failed = await subscribe(site, ['--yes']);
    expect(failed).toMatchObject({
      code: 1,
      output: containing(
        'Done: nothing. Not done: App subscription, Page subscription, Get Started button. Run it again once that is mended.',
      ),
    });
    expect(failed.complaints).toMatch(
      /^App subscription: .*could not be verified.* Does the bot run with this VERIFY_TOKEN/,
    );
    site.writeEnvFile();
    expect(await subscribe(site, ['--yes'])).toMatchObject({ code: 0 });
  });

  it('says so when a later step fails', async () => {
    const site = await newSetUp();
    const { platform } = site.sim;
    const add = platform.webhooks.subscription.appFields.add.bind(platform.webhooks.subscription.appFields);
    jest.spyOn(platform.webhooks.subscription.appFields, 'add').mockImplementation((field) => {
      platform.trouble.serverErrors = true;
      return add(field);
    });
    const { code, output, complaints } = await subscribe(site, ['--yes']);
    expect(code).toBe(1);
    expect(output).toContain('Done: App subscription. Not done: Page subscription, Get Started button.');
    expect(complaints).toContain('HTTP 500');
    expect(complaints).toContain('the platform asks to try again later');
  });

  it.each<[string, Record<string, string | undefined>, string]>([
    ['an app', { APP_ID: undefined }, 'It needs APP_ID and APP_SECRET'],
    ['a secret', { APP_SECRET: undefined, NODE_ENV: undefined }, 'It needs APP_ID and APP_SECRET'],
    ['settings', { VERIFY_TOKEN: undefined }, 'VERIFY_TOKEN is missing'],
    ['a valid token', { PAGE_ACCESS_TOKEN: 'x' }, 'Generate a new Page access token'],
  ])('needs %s', async (_what, changes, complaint) => {
    const site = await newSetUp();
    site.writeEnvFile(changes);
    expect(await subscribe(site, ['--yes'])).toMatchObject({ code: 1, output: '', complaints: containing(complaint) });
  });

  it.each(['nonsense', 'http://bot.example/webhook'])('takes no %s for an address', async (address) => {
    const site = await newSetUp();
    expect(await subscribe(site, ['--url', address, '--yes'])).toMatchObject({
      code: 1,
      complaints: containing('is no address like https://'),
    });
  });

  const odd: readonly [string, Spoil][] = [
    ['is cut short', (text) => text.slice(0, -3)],
    ['breaks off', () => undefined],
    ['is a list', () => '[]'],
    ['is empty', () => '{}'],
    ['has a part that nobody knows', changing((data) => [7, ...data])],
  ];
  const parts = ['/subscriptions', '/subscribed_apps', '/messenger_profile'];
  const fields: readonly [string, string, Spoil][] = [
    [
      '/subscriptions',
      'has an odd field',
      changing(([app]) => [{ ...app, fields: [...(app?.['fields'] as unknown[]), { version: 'v1' }] }]),
    ],
    [
      '/subscribed_apps',
      'has an odd field',
      changing(([app]) => [
        { ...app, subscribed_fields: [...(app?.['subscribed_fields'] as unknown[]), { name: 'x' }] },
      ]),
    ],
    ['/subscriptions', 'has a part without a name', changing((data) => [{ callback_url: 'x' }, ...data])],
  ];
  it.each([...parts.flatMap((part) => odd.map(([what, spoil]) => [part, what, spoil] as const)), ...fields])(
    'changes nothing when the answer to %s %s',
    async (part, _what, spoil) => {
      const site = await rightSetUp();
      await site.sim.control('PUT', '/setup', { pageFields: ['messages', 'message_deliveries'] });
      site.writeEnvFile({ GRAPH_API_URL: await oddGraph(site.sim.url, part, spoil) });
      const { code, output, complaints } = await subscribe(site, ['--yes']);
      expect([code, output]).toEqual([1, '']);
      expect(complaints).toMatch(/^Graph does not tell how it is now, so nothing was changed\. Graph/);
      expect(posts(site.sim.platform)).toEqual([]);
    },
  );

  it('does not blame Graph for what is not its fault', async () => {
    const site = await newSetUp();
    jest.spyOn(pageSetup, 'getSubscribedApps').mockRejectedValue(new TypeError('a mistake'));
    expect(await subscribe(site, ['--yes'])).toMatchObject({ code: 1, output: '', complaints: 'a mistake\n' });
  });

  it('keeps a Get Started button that comes after something else', async () => {
    const site = await newSetUp();
    site.sim.platform.profile = { get_started: { payload: 'MINE' } };
    const spoil = changing((data) => [{ whitelisted_domains: [] }, ...data]);
    site.writeEnvFile({ GRAPH_API_URL: await oddGraph(site.sim.url, '/messenger_profile', spoil) });
    await subscribe(site, ['--yes']);
    expect(site.sim.platform.profile).toEqual({ get_started: { payload: 'MINE' } });
  });

  const gone = { write: () => Promise.reject(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })) };

  it.each([[['--yes']], [['--yes', '--json']]])('does what it was told to with %p when nobody reads', async (args) => {
    const site = await newSetUp();
    expect((await subscribe(site, args, undefined, gone)).code).toBe(0);
    expect(site.sim.platform.webhooks.subscription.pageFields).toEqual(new Set(ALL));
    await site.sim.control('PUT', '/trouble', { noDefaultApplication: true });
    expect((await subscribe(site, args, undefined, gone)).code).toBe(1);
  });

  it('asks nobody who cannot read what would be changed', async () => {
    const site = await newSetUp();
    expect(await subscribe(site, [], 'yes', gone)).toMatchObject({
      ...{ code: 1, questions: [] },
      complaints: containing('Nobody is there to confirm: add --yes.'),
    });
    expect(posts(site.sim.platform)).toEqual([]);
  });

  it('ends with 1 when something is still wrong afterwards', async () => {
    const site = await newSetUp();
    await site.sim.control('PUT', '/trouble', { noDefaultApplication: true });
    const { code, output } = await subscribe(site, ['--yes']);
    expect([code, output]).toEqual([1, containing('✗ Routing')]);
  });
});
