import { chmodSync } from 'node:fs';
import { runDoctorCommand } from '../../src/cli/doctor';
import { runSubscribeCommand } from '../../src/cli/subscribe';
import { runThreadCommand } from '../../src/cli/thread';
import { APP_ID, graphOfPages, pageAtGraph, type PageAtGraph } from '../support/graph-of-pages';
import { writePages } from '../support/pages';
import { scriptedTerminal } from '../support/scripted-terminal';
import { temporaryFolder } from '../support/temporary-folder';

/* The commands of an operator who has several Pages. */

const start = process.cwd();
afterEach(() => {
  process.chdir(start);
});

const bakeryId = '100200300400500';
const floristId = '100200300400501';

interface Check {
  readonly name: string;
  readonly page?: string;
  readonly mark: string;
  readonly text: string;
  readonly remedy?: string;
}

/** Two Pages that are set up as they should be, at Graph and in the file; each can be made wrong. */
async function setUp(change: (bakery: PageAtGraph, florist: PageAtGraph) => unknown[] | undefined = () => undefined) {
  const pages = [pageAtGraph(bakeryId, 'Corner Bakery', '17841400000000001'), pageAtGraph(floristId, 'Florist')];
  const [bakery, florist] = pages as [PageAtGraph, PageAtGraph];
  const listed = change(bakery, florist) ?? [
    { id: bakeryId, name: 'Bakery', accessToken: bakery.token, instagramId: '17841400000000001' },
    { id: floristId, accessToken: florist.token },
  ];
  return started(pages, listed);
}

async function started(pages: readonly PageAtGraph[], listed: readonly unknown[], latencyMs = 0) {
  const graph = await graphOfPages(pages, 'http://127.0.0.1:1/webhook', latencyMs);
  process.chdir(temporaryFolder());
  const file = writePages(listed);
  const env = {
    VERIFY_TOKEN: 'the-verify-token',
    APP_SECRET: '0123456789abcdef0123456789abcdef',
    APP_ID,
    PAGES_FILE: file,
    GRAPH_API_URL: graph.url,
    OPERATIONS_PORT: '0',
  };
  const run = async (command: 'doctor' | 'subscribe' | 'thread', args: readonly string[]) => {
    const { terminal, said } = scriptedTerminal();
    const shown = { ...terminal, now: () => Date.now() };
    const code = await {
      doctor: () => runDoctorCommand(args, { env: { ...env }, timeoutMs: 5_000 }, shown),
      subscribe: () => runSubscribeCommand(args, { ...env }, shown),
      thread: () => runThreadCommand(args, env, shown),
    }[command]();
    expect(JSON.stringify(said())).not.toMatch(/EAAtoken/);
    return { code, ...said() };
  };
  const find = async (...args: readonly string[]): Promise<readonly Check[]> => {
    const { output } = await run('doctor', [...args, '--json']);
    return (JSON.parse(output) as { checks: Check[] }).checks;
  };
  return { graph, file, run, find };
}

const ofPage = ['Token', 'Page subscription', 'Instagram account', 'Routing'];

describe('npm run doctor', () => {
  it('looks at what is common once, and at each Page under its name', async () => {
    const { run, graph } = await setUp();
    const { output } = await run('doctor', []);
    const [common = '', ofBakery = '', ofFlorist = '', summary = ''] = output.split('\n\n');
    expect(common).toMatch(/✓ File of Pages {6}\/.*pages\.json can be read, and by its owner only\./);
    for (const name of ['Settings', 'Graph', 'App secret', 'App subscription', 'App review']) {
      expect(common).toMatch(new RegExp(`^[✓✗?] ${name} `, 'm'));
    }
    for (const name of ofPage) expect(common).not.toMatch(new RegExp(`^. ${name} `, 'm'));
    expect(ofBakery.split('\n')).toEqual([
      `Bakery (${bakeryId})`,
      `✓ Token              valid, of the Page "Corner Bakery" (${bakeryId}), without an end, and may do what it must.`,
      '✓ Page subscription  the Page tells this app about all that it needs.',
      '✓ Instagram account  17841400000000001 is answered, too.',
      '✓ Routing            Conversation Routing is on.',
      expect.stringMatching(/^\? Routing/),
      expect.stringContaining(`https://www.facebook.com/${bakeryId}`),
    ]);
    expect(ofFlorist).toMatch(new RegExp(`^Page ${floristId}\n✓ Token .*"Florist"`));
    expect(ofFlorist).toContain('✓ Instagram account  none is connected.');
    expect(summary).toMatch(/^\d+ ✓ {2}\d+ ✗ {2}\d+ \? {2}Begin with Webhook: /);
    const asked = graph.calls.filter(({ path }) => path === `/${APP_ID}/subscriptions`);
    expect(asked).toHaveLength(1);
  });

  it('names the Page of each finding for a program, and looks at one Page only where that is asked for', async () => {
    const { find } = await setUp();
    const all = await find();
    expect(all.filter(({ page }) => page === `Bakery (${bakeryId})`).map(({ name }) => name)).toEqual([
      ...ofPage,
      'Routing',
    ]);
    expect(all.filter(({ name }) => name === 'Settings')).toEqual([expect.not.objectContaining({ page: 'x' })]);
    expect(all.find(({ name }) => name === 'Settings')).not.toHaveProperty('page');
    for (const wanted of ['Bakery', bakeryId]) {
      const one = await find('--page', wanted);
      expect(new Set(one.map(({ page }) => page))).toEqual(new Set([undefined, `Bakery (${bakeryId})`]));
      expect(one.filter(({ name }) => name === 'Token')).toHaveLength(1);
    }
  });

  it('says which Pages there are where it does not know the one that is asked for', async () => {
    const { run } = await setUp();
    expect(await run('doctor', ['--page', 'Butcher'])).toMatchObject({
      code: 1,
      output: '',
      complaints: `PAGES_FILE has no Page "Butcher". There are Bakery (${bakeryId}), Page ${floristId}.\nSee: npm run doctor -- --help\n`,
    });
  });

  it.each<[string, string, Parameters<typeof setUp>[0], RegExp, RegExp]>([
    [
      'a token of another Page',
      'Token',
      (bakery, florist) => [
        { id: bakeryId, accessToken: florist.token },
        { id: '7', accessToken: bakery.token },
      ],
      /^it is of another Page: "Florist" \(100200300400501\)\.$/,
      /^Put the token of Page 100200300400500 there\.$/,
    ],
    [
      'a token that is refused',
      'Token',
      (_bakery, florist) => [
        { id: bakeryId, accessToken: 'EAAtokenofnobody' },
        { id: floristId, accessToken: florist.token },
      ],
      /Malformed access token \[redacted\]/,
      /Generate a new Page access token .* PAGES_FILE/,
    ],
    [
      'an account that is not listed',
      'Instagram account',
      (bakery, florist) => [
        { id: bakeryId, accessToken: bakery.token },
        { id: floristId, accessToken: florist.token },
      ],
      /^17841400000000001 is connected, but not answered\.$/,
      /add "instagramId": "17841400000000001"/,
    ],
    [
      'another account than is connected',
      'Instagram account',
      (bakery, florist) => [
        { id: bakeryId, accessToken: bakery.token, instagramId: '2' },
        { id: floristId, accessToken: florist.token },
      ],
      /^PAGES_FILE has 2, Graph 17841400000000001\.$/,
      /It should have "instagramId": "17841400000000001"/,
    ],
    [
      'an account that is not connected',
      'Instagram account',
      (bakery, florist) => {
        delete bakery.instagramId;
        return [
          { id: bakeryId, accessToken: bakery.token, instagramId: '2' },
          { id: floristId, accessToken: florist.token },
        ];
      },
      /^PAGES_FILE has 2, Graph none\.$/,
      /It should have no instagramId/,
    ],
  ])('finds %s', async (_what, check, change, text, remedy) => {
    const { find } = await setUp(change);
    const [found] = (await find()).filter(({ name, mark }) => name === check && mark !== 'ok');
    expect(found).toMatchObject({ page: `Page ${bakeryId}` });
    expect(found?.text).toMatch(text);
    expect(found?.remedy).toMatch(remedy);
  });

  it('finds a file that others may read, and a mistake in it with its line', async () => {
    const { find, file } = await setUp();
    chmodSync(file, 0o644);
    expect((await find()).filter(({ name }) => name === 'File of Pages')).toEqual([
      {
        name: 'File of Pages',
        mark: 'wrong',
        text: 'every user of this machine may read the secrets.',
        remedy: expect.stringMatching(/^chmod 600 \/.*pages\.json$/) as string,
      },
    ]);
    writePages('[\n{"id": "1"}]', file);
    const [settings] = await find();
    expect(settings).toMatchObject({
      name: 'Settings',
      mark: 'wrong',
      text: expect.stringMatching(/^PAGES_FILE, line 2: accessToken is missing/) as string,
      remedy: expect.stringMatching(/^Put it right in that file; docs\/pages\.md/) as string,
    });
  });

  it('looks at ten Pages at a time, in the order of the list', async () => {
    const pages = Array.from({ length: 35 }, (_, n) => pageAtGraph(String(n + 1), `Page ${n + 1}`));
    const { find, graph } = await started(
      pages,
      pages.map(({ id, token: accessToken }) => ({ id, accessToken })),
      30,
    );
    const named = (await find()).filter(({ name }) => name === 'Token').map(({ page }) => page);
    expect(named).toEqual(pages.map(({ id }) => `Page ${id}`));
    expect(graph.mostAtOnce()).toBeLessThanOrEqual(10 * 5 + 1); // five questions about each
  });
});

describe('npm run subscribe', () => {
  it('does for each Page what is left to be done, and for one of them where that is asked for', async () => {
    const { run, graph } = await setUp((bakery, florist) => {
      for (const page of [bakery, florist]) page.fields = ['messages'];
      florist.hasGetStarted = false;
      return undefined;
    });
    const url = 'http://127.0.0.1:1/webhook';
    const one = await run('subscribe', ['--url', url, '--yes', '--page', 'Bakery']);
    expect(one.output).toMatch(new RegExp(`^[^]*Done: Page subscription of Bakery \\(${bakeryId}\\)\\.\n`));
    const posts = () => graph.calls.filter(({ method }) => method === 'POST');
    expect(posts().map(({ token }) => token)).toEqual([`EAAtokenof${bakeryId}`]);
    const all = await run('subscribe', ['--url', url, '--yes']);
    expect(all.output).toContain(
      `Done: Page subscription of Page ${floristId}, Get Started button of Page ${floristId}.\n`,
    );
    expect(posts()).toHaveLength(3);
    expect((await run('subscribe', ['--url', url])).output).toMatch(/^Nothing is to be changed\.\n/);
  });
});

describe('npm run thread', () => {
  it('asks with the token of the Page that is named, and needs one to be', async () => {
    const { run } = await setUp();
    const owner = async (...args: readonly string[]) => run('thread', ['owner', '24601', '--json', ...args]);
    expect(JSON.parse((await owner('--page', 'Bakery')).output)).toMatchObject({ owner: bakeryId });
    expect(JSON.parse((await owner('--page', floristId)).output)).toMatchObject({ owner: floristId });
    expect(await owner()).toMatchObject({
      code: 1,
      complaints: `Which Page? Give --page with its id or its name: Bakery (${bakeryId}), Page ${floristId}.\nSee: npm run thread -- --help\n`,
    });
  });

  it('needs none where the list has one Page only, and names the first five of many', async () => {
    const pages = Array.from({ length: 8 }, (_, n) => pageAtGraph(String(n + 1), `Page ${n + 1}`));
    const list = pages.map(({ id, token: accessToken }) => ({ id, accessToken }));
    const one = await started(pages, list.slice(0, 1));
    expect(JSON.parse((await one.run('thread', ['owner', '24601', '--json'])).output)).toMatchObject({ owner: '1' });
    const many = await started(pages, list);
    expect((await many.run('thread', ['owner', '24601'])).complaints).toMatch(
      /: Page 1, Page 2, Page 3, Page 4, Page 5, and 3 more\.\n/,
    );
  });

  it('says that there is only one Page where there is no list', async () => {
    const { terminal, said } = scriptedTerminal();
    const env = { PAGE_ACCESS_TOKEN: 'EAAtoken', VERIFY_TOKEN: 'v' };
    await expect(runThreadCommand(['owner', '1', '--page', '2'], env, terminal)).resolves.toBe(1);
    expect(said().complaints).toMatch(/^--page goes with PAGES_FILE: there is only the Page of PAGE_ACCESS_TOKEN\./);
  });
});
