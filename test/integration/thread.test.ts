import { runThreadCommand } from '../../src/cli/thread';
import { describeOwner } from '../../src/cli/thread/owner';
import { PAGE_INBOX } from '../../src/simulator/settings';
import { oddGraph, type Spoil } from '../support/odd-graph';
import { scriptedTerminal } from '../support/scripted-terminal';
import { simulated } from '../support/simulated-bot';

const HOUR_S = 3_600;

/** A conversation of the bot, at the simulated platform. */
async function conversation() {
  const sim = await simulated({ requireProof: true });
  const { settings, clock } = sim.platform;
  const env = {
    PAGE_ACCESS_TOKEN: settings.pageAccessToken,
    VERIFY_TOKEN: settings.verifyToken,
    APP_SECRET: settings.appSecret,
    APP_ID: settings.appId,
    GRAPH_API_URL: sim.url,
  };
  const run = async (args: readonly string[], changes: Record<string, string> = {}) => {
    const { terminal, said } = scriptedTerminal();
    const code = await runThreadCommand(args, { ...env, ...changes }, terminal);
    return { code, ...said() };
  };
  const { psid } = sim;
  const inSeconds = () => Math.round((sim.customer.ownedUntil - clock.now()) / 1_000);
  return { sim, psid, run, thread: (command: string, ...more: string[]) => run([command, psid, ...more]), inSeconds };
}

describe('npm run thread', () => {
  it('says who has a conversation, and until when', async () => {
    const { sim, psid, thread } = await conversation();
    expect((await thread('owner')).output).toMatch(/^Nobody has this conversation: it is idle/);
    sim.platform.customerWrites(psid, 'hello');
    const until = new Date(sim.customer.ownedUntil).toISOString().slice(0, 16).replace('T', ' ');
    expect(await thread('owner')).toMatchObject({
      code: 0,
      output: `This bot has this conversation until ${until} UTC, and longer if the person writes.\n`,
    });
    sim.platform.agentWrites(psid, 'hi');
    expect((await thread('owner')).output).toMatch(/^The Page Inbox has this conversation/);
    expect(JSON.parse((await thread('owner', '--json')).output)).toEqual({
      ...{ psid, owner: PAGE_INBOX, isThisBot: false },
      until: Math.floor(sim.customer.ownedUntil / 1_000),
    });
  });

  it('takes, passes, and releases control, and says who has it then', async () => {
    const { sim, psid, thread } = await conversation();
    sim.platform.customerWrites(psid, 'hello');
    expect(await thread('pass')).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^The Page Inbox has/) as string,
    });
    expect(sim.platform.ownerOf(sim.customer)).toBe(PAGE_INBOX);
    expect((await thread('take')).output).toMatch(/^This bot has/);
    expect(JSON.parse((await thread('pass', '--to', '7', '--json')).output)).toMatchObject({
      owner: '7',
      isThisBot: false,
    });
    expect((await thread('take')).code).toBe(0);
    expect(JSON.parse((await thread('release', '--json')).output)).toEqual({
      psid,
      owner: null,
      isThisBot: false,
      until: null,
    });
    expect(sim.platform.ownerOf(sim.customer)).toBeUndefined();
  });

  it.each([
    [['--hours', '168'], 604_800],
    [['--hours', '1'], HOUR_S],
    [['--seconds', '604800'], 604_800],
    [['--seconds', '90'], 90],
  ])('extends control by %p', async (args, seconds) => {
    const { thread, inSeconds } = await conversation();
    expect(await thread('extend', ...args)).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^This bot has/) as string,
    });
    expect(Math.abs(inSeconds() - seconds)).toBeLessThan(20);
  });

  it.each([
    [['owner', 'abc'], "value 'abc' is invalid for argument 'psid'. It is a number, digits only."],
    [['owner', '1'.repeat(21)], 'digits only'],
    [['owner'], "Missing required argument 'psid'"],
    [['take', '1', '2'], 'Too many arguments'],
    [['steal', '1'], "Unknown command 'steal'"],
    [['pass', '1', '--to', 'inbox'], "argument 'inbox' is invalid. It is a number, digits only."],
    [['owner', '1', '--to', '7'], "Unknown option '--to'"],
    [['extend', '1'], 'For how long? Give --hours or --seconds.'],
    [['extend', '1', '--hours', '1', '--seconds', '1'], 'For how long?'],
    [['extend', '1', '--hours', '169'], 'It is a whole number from 1 to 168.'],
    [['extend', '1', '--seconds', '604801'], 'It is a whole number from 1 to 604800.'],
  ])('asks for nothing after %p', async (args, complaint) => {
    const { sim, run } = await conversation();
    expect(await run(args)).toMatchObject({
      code: 1,
      output: '',
      complaints: expect.stringContaining(complaint) as string,
    });
    expect(sim.platform.wire.entries).toEqual([]);
  });

  it('says what to do when it is refused', async () => {
    const { sim, psid, thread, run } = await conversation();
    sim.platform.customerWrites(psid, 'hello');
    sim.platform.agentWrites(psid, 'hi');
    for (const command of ['pass', 'release'])
      expect(await thread(command)).toMatchObject({
        code: 1,
        output: '',
        complaints: expect.stringMatching(/2018300.* take control first/) as string,
      });
    await sim.control('PUT', '/trouble', { noDefaultApplication: true });
    expect((await thread('take')).complaints).toContain(
      "Only the Page's default application may take it; npm run doctor says",
    );
    expect((await run(['owner', '999'])).complaints).toContain('this person cannot be reached');
    expect((await run(['owner', psid], { PAGE_ACCESS_TOKEN: 'x' })).complaints).toContain(
      'Generate a new Page access token',
    );
    expect((await run(['owner', psid], { VERIFY_TOKEN: '' })).complaints).toMatch(
      /^VERIFY_TOKEN is missing.*\nSee: npm run doctor\n$/,
    );
    expect((await run(['owner', psid], { GRAPH_API_URL: 'http://127.0.0.1:9' })).complaints).toContain('ECONNREFUSED');
  });

  it.each<[string, Spoil]>([
    ['is cut short', (text) => text.slice(0, -3)],
    ['breaks off', () => undefined],
    ['is null', () => 'null'],
    ['is empty', () => '{}'],
  ])('does not say that a conversation is idle when the answer %s', async (_what, spoil) => {
    const { sim, psid, run } = await conversation();
    sim.platform.customerWrites(psid, 'hello');
    const url = await oddGraph(sim.url, '/thread_owner', spoil);
    expect(await run(['owner', psid], { GRAPH_API_URL: url })).toMatchObject({
      code: 1,
      output: '',
      complaints: expect.stringMatching(/^Graph.* \/thread_owner/) as string,
    });
  });

  it('says that it was done when only the owner cannot be told afterwards', async () => {
    const { sim, psid, run } = await conversation();
    const url = await oddGraph(sim.url, '/thread_owner', () => '{}');
    const env = { GRAPH_API_URL: url };
    for (const command of [['pass'], ['take'], ['extend', '--hours', '1'], ['release']]) {
      sim.platform.customerWrites(psid, 'hello');
      const [name = '', ...options] = command;
      expect(await run([name, psid, ...options], env)).toEqual({
        ...{ code: 0, complaints: '', questions: [] },
        output:
          "It was done. Who has this conversation now is not known: Graph's answer to /thread_owner is not understood.\n",
      });
    }
    sim.platform.customerWrites(psid, 'hello');
    expect(JSON.parse((await run(['take', psid, '--json'], env)).output)).toEqual({
      psid,
      ownerUnknown: "Graph's answer to /thread_owner is not understood.",
    });
  });

  it('explains itself', async () => {
    const { run } = await conversation();
    expect((await run(['--help'])).output).toMatch(
      / {2}owner .*\n {2}take .*\n {2}pass .*\n {2}release .*\n {2}extend /,
    );
    expect((await run(['extend', '--help'])).output).toMatch(/--hours <n>.*\n.*--seconds <n>/);
  });
});

describe('an owner in words', () => {
  it.each([
    [{ appId: '7', expiration: undefined }, '7', 'This bot has this conversation.'],
    [{ appId: '7', expiration: undefined }, '8', 'App 7 has this conversation.'],
    [
      { appId: '7', expiration: undefined },
      undefined,
      'App 7 (is that this bot? APP_ID is not set) has this conversation.',
    ],
    [{ appId: '1217981644879628', expiration: undefined }, undefined, 'The Instagram Inbox has this conversation.'],
    [
      { appId: '7', expiration: 1e15 },
      '7',
      'This bot has this conversation until 1000000000000000 s after 1970, and longer if the person writes.',
    ],
  ])('%p for app %p', (owner, appId, words) => {
    expect(describeOwner(owner, appId)).toBe(words);
  });
});
