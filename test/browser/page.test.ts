import { readFileSync } from 'node:fs';
import path from 'node:path';
import nock from 'nock';
import type { Browser, Locator, Page } from 'playwright-core';
import { launchBrowser, startDemo, type Demo } from './browser';

jest.setTimeout(60_000);

const docs = path.join(__dirname, '..', '..', 'docs');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const LAPTOP = { width: 1360, height: 860 };
const PHONE = { width: 390, height: 800 };

let browser: Browser;
let demo: Demo;
let page: Page;
let complaints: string[];
let messenger: Locator;
let inbox: Locator;
let wire: Locator;

beforeAll(async () => {
  nock.restore(); // everything here is real
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
});

beforeEach(async () => {
  demo = await startDemo();
  const context = await browser.newContext({
    viewport: LAPTOP,
    colorScheme: 'light',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  page = await context.newPage();
  page.setDefaultTimeout(15_000);
  complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(demo.url) && !request.url().startsWith('data:'))
      complaints.push(`left the machine: ${request.url()}`);
  });
  messenger = page.locator('section.messenger');
  inbox = page.locator('section.inbox');
  wire = page.locator('section.wire');
  await page.goto(demo.url);
});
afterEach(async () => {
  await page.context().close();
  expect(await demo.end()).toBe(0);
  expect(complaints).toEqual([]);
});

const tap = (where: Locator, name: string) => where.getByRole('button', { name, exact: true }).click();
const see = (where: Locator, text: string | RegExp) => where.getByText(text).last().waitFor();
const inControl = (text: RegExp) => page.locator('p.owner').getByText(text).waitFor();
const onTheWire = (title: string) => wire.locator('li', { hasText: title });
const picture = (name: string) => page.screenshot({ path: path.join(docs, `${name}.png`) });
const turnOn = async (name: RegExp) => {
  await page.getByRole('button', { name: /Trouble and what/ }).click();
  await page.getByRole('checkbox', { name }).check();
};

async function expectAccessible(): Promise<void> {
  await page.evaluate(axe);
  const violations = await page.evaluate<string[]>(
    "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))",
  );
  expect(violations).toEqual([]);
}

describe('the page', () => {
  it('leads through the whole handover in five taps', async () => {
    await page.getByText('1 of 5.').waitFor();
    await expectAccessible();
    await tap(messenger, 'Get Started');
    await see(messenger, /Welcome! The bot is currently in control/);
    await inControl(/The bot is in control/);
    await picture('welcome');

    await tap(messenger, 'Pass to Inbox');
    await see(messenger, /is passing control to the Page Inbox/);
    await inControl(/A human is in control/);
    expect(await messenger.getByRole('button', { name: 'Pass to Inbox' }).count()).toBe(0);
    await inbox.getByLabel('Answer Maya as the agent').fill('Hi Maya, this is Ana. How can I help?');
    await tap(inbox, 'Send');
    await see(messenger, 'Hi Maya, this is Ana. How can I help?');
    await page.getByText('3 of 5.').waitFor();
    await picture('handover');
    await expectAccessible();

    await tap(inbox, 'Done');
    await see(messenger, /You passed control back to the Primary Receiver/);
    await tap(messenger, 'Pass to Inbox');
    await inControl(/A human is in control/);
    await tap(messenger, 'Take From Inbox');
    await see(messenger, /is taking control back/);
    await inControl(/The bot is in control/);
    await page.getByText('That is the whole handover.').waitFor();

    const calls = await wire.locator('li.graph strong').allTextContents();
    expect(calls).toEqual([
      'messages',
      'messages',
      'pass_thread_control',
      'messages',
      'messages',
      'pass_thread_control',
      'take_thread_control',
      'messages',
    ]);
    await wire.locator('li', { hasText: 'Take From Inbox' }).getByText('standby').waitFor();
    await onTheWire('take_thread_control').getByRole('button').first().click();
    await wire.getByText('"success": true').waitFor();
    await picture('wire');
    await page.emulateMedia({ colorScheme: 'dark' });
    await picture('dark');
    await expectAccessible();
  });

  it('can be used by keyboard only', async () => {
    const press = async (name: string, key = 'Enter') => {
      for (let tabs = 0; tabs < 60; tabs += 1) {
        await page.keyboard.press('Tab');
        const focused = await page.evaluate<string>(
          "document.activeElement.textContent || document.activeElement.getAttribute('aria-label') || ''",
        );
        if (focused.trim() === name) {
          await page.keyboard.press(key);
          return;
        }
      }
      throw new Error(`"${name}" cannot be reached with Tab`);
    };
    await press('Get Started');
    await see(messenger, /Welcome!/);
    await press('Pass to Inbox', 'Space');
    await inControl(/A human is in control/);
    await press('Done');
    await see(messenger, /You passed control back/);
    await press('Write as Maya', 'h');
    await page.keyboard.type('ello');
    await page.keyboard.press('Enter');
    await see(inbox, 'hello');
  });

  it('fits on a phone, one part at a time', async () => {
    await page.setViewportSize(PHONE);
    await tap(messenger, 'Get Started');
    await see(messenger, /Welcome!/);
    await tap(messenger, 'Pass to Inbox');
    await page.getByRole('navigation').getByRole('button', { name: 'Page Inbox' }).click();
    await tap(inbox, 'Done');
    await page.getByRole('navigation').getByRole('button', { name: 'The wire' }).click();
    await onTheWire('pass_thread_control').first().waitFor();
    expect(await page.evaluate<boolean>('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    await picture('phone');
    await expectAccessible();
    await page
      .getByRole('navigation')
      .getByRole('button', { name: /^Trouble/ })
      .click();
    await page.getByRole('checkbox', { name: /Webhooks come twice/ }).waitFor();
    await expectAccessible();
  });

  it('switches between customers, adds one, and says who has seen what', async () => {
    await tap(messenger, 'Jonas');
    await messenger.getByLabel('Write as Jonas').fill('hello');
    await tap(messenger, 'Send');
    await see(messenger, /Welcome!/);
    await see(inbox, 'Seen');
    await tap(messenger, 'Add a customer');
    await messenger.getByRole('button', { name: 'Priya' }).click();
    await messenger.getByRole('button', { name: 'Get Started' }).waitFor();
  });

  it('copies a webhook as a curl line, sends it again, and closes the guide for good', async () => {
    await tap(messenger, 'Get Started');
    await onTheWire('Get Started').getByRole('button').first().click();
    await tap(wire, 'Copy as curl');
    await wire.getByText('Copied').waitFor();
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).toMatch(
      /^curl -i -X POST 'http.*X-Hub-Signature-256: sha256=[0-9a-f]{64}/,
    );
    await tap(wire, 'Send again');
    await onTheWire('Get Started (again)').waitFor();
    expect(await messenger.locator('.from-bot').count()).toBe(1);
    await page.getByRole('button', { name: 'Skip the guide' }).click();
    await page.reload();
    await messenger.getByText(/Welcome!/).waitFor();
    expect(await page.getByLabel('Guide').count()).toBe(0);
  });

  it('saves the session and replays it', async () => {
    await tap(messenger, 'Get Started');
    await see(messenger, /Welcome!/);
    const [download] = await Promise.all([page.waitForEvent('download'), wire.getByText('Save session').click()]);
    await wire.locator('input[type=file]').setInputFiles(await download.path());
    await onTheWire('Get Started (again)').waitFor();
  });
});

describe('trouble', () => {
  it.each<[string, RegExp, string]>([
    ['500s', /Graph answers 500/, '500'],
    ['a rate limit', /Rate limit/, '400'],
    ['an invalid token', /Token invalid/, '400'],
    ['a person who has blocked the Page', /has blocked the Page/, '403'],
  ])('with %s shows on the wire', async (_what, name, status) => {
    await turnOn(name);
    await expectAccessible();
    await tap(messenger, 'Get Started');
    await onTheWire('messages').getByText(status).first().waitFor();
    expect(await messenger.locator('.from-bot').count()).toBe(0);
  });

  it('is over: the bot delivers what it has held', async () => {
    await turnOn(/Graph answers 500/);
    await tap(messenger, 'Get Started');
    await onTheWire('messages').getByText('500').first().waitFor();
    await tap(page.locator('section.trouble'), 'No trouble');
    await see(messenger, /Welcome!/);
  });

  it('with the token can be renewed', async () => {
    await turnOn(/Token invalid/);
    await tap(page.locator('section.trouble'), 'Renew token');
    await tap(messenger, 'Get Started');
    await see(messenger, /Welcome!/);
  });

  it('with a slow Graph shows the time it took', async () => {
    await page.getByRole('button', { name: /Trouble and what/ }).click();
    await page.getByLabel('Latency of Graph').selectOption('300');
    await tap(messenger, 'Get Started');
    await onTheWire('messages')
      .getByText(/^3\d\d ms$/)
      .waitFor();
  });

  it('with a silent Graph: the bot gives up after 10 seconds and, since it may have arrived, tries again after 30', async () => {
    await turnOn(/Graph does not answer/);
    await tap(messenger, 'Get Started');
    await onTheWire('messages').getByText('no answer').waitFor();
    await page.getByRole('checkbox', { name: /Graph does not answer/ }).uncheck();
    await messenger
      .getByText(/Welcome!/)
      .last()
      .waitFor({ timeout: 35_000 });
  });

  it('with webhooks that come twice: the bot answers once', async () => {
    await turnOn(/Webhooks come twice/);
    await tap(messenger, 'Get Started');
    await see(messenger, /Welcome!/);
    await wire.locator('li.webhook').nth(4).waitFor();
    expect(await messenger.locator('.from-bot').count()).toBe(1);
  });

  it('with webhooks that overtake each other: every message is answered', async () => {
    await turnOn(/overtake/);
    for (const text of ['one', 'two', 'three']) {
      await messenger.getByLabel('Write as Maya').fill(text);
      await tap(messenger, 'Send');
    }
    await messenger.locator('.from-bot').nth(2).waitFor();
  });

  it('without a default application: control cannot be taken', async () => {
    await tap(messenger, 'Get Started');
    await tap(messenger, 'Pass to Inbox');
    await inControl(/A human is in control/);
    await turnOn(/No default application/);
    await tap(messenger, 'Take From Inbox');
    await wire.locator('li.graph').getByText('403').waitFor();
    await inControl(/A human is in control/);
  });

  it('with a bot that is down: the webhook is delivered again', async () => {
    await turnOn(/The bot is down/);
    await tap(messenger, 'Get Started');
    await onTheWire('Get Started').getByText('no answer').first().waitFor();
    await page.getByRole('checkbox', { name: /The bot is down/ }).uncheck();
    await tap(page.locator('section.trouble'), '1 h later');
    await see(messenger, /Welcome!/);
  });
});
