import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { findErrorRule, type ErrorFacts } from '../../../src/messenger/graph-error-rules';
import { readRules } from '../../support/alerts';
import { readMessages, type Message, type Messages } from '../../support/messages';

/* docs/operations/wrong.md against everything that the code can say to whoever runs the bot. */

const folder = path.join(__dirname, '..', '..', '..', 'docs', 'operations');
const page = readFileSync(path.join(folder, 'wrong.md'), 'utf8');

/** The part under a heading, up to the next one of its rank or above. */
function section(heading: string): string {
  const start = page.indexOf(`\n${heading}\n`);
  if (start < 0) throw new Error(`wrong.md has no heading ${heading}`);
  const [marks = ''] = /^#+/.exec(heading) ?? [];
  const rest = page.slice(start + heading.length + 2);
  const end = rest.search(new RegExp(`\n#{1,${marks.length}} `));
  return end < 0 ? rest : rest.slice(0, end);
}

/** The texts in the first column of the tables under a heading. */
const rows = (heading: string): readonly string[] =>
  [...section(heading).matchAll(/^\| `(.+?)` +\|/gm)].map(([, text = '']) => text);

const sorted = (texts: Iterable<string>) => [...new Set(texts)].sort();
const textsOf = (messages: readonly Message[]) => messages.map(({ text }) => text);

let code: Messages;
beforeAll(() => {
  code = readMessages();
});

describe('log lines', () => {
  const entries = [...section('## Log lines').matchAll(/^### `(.+)`\n\n(.*)/gm)].map(([, text = '', said = '']) => ({
    text,
    levels: ['fatal', 'error', 'warn'].filter((level) => said.includes(`**${level}`)),
  }));

  it('have an entry each, and no others have', () => {
    expect(sorted(entries.map(({ text }) => text))).toEqual(sorted(textsOf(code.logged)));
    expect(entries.length).toBeGreaterThan(25);
  });

  it('are described with their level', () => {
    const levelsOf = (text: string) =>
      sorted(code.logged.filter((line) => line.text === text).map(({ level }) => level));
    expect(entries.map(({ text, levels }) => [text, sorted(levels)])).toEqual(
      entries.map(({ text }) => [text, levelsOf(text)]),
    );
  });

  it('about refused requests: each reason that is worth a line', () => {
    const webhook = 'src/webhook';
    const withRemedy = code.calls('refusal', 2, webhook).map(({ file }) => file);
    const silent = ['Only the platform is answered here: hub.verify_token is missing.'];
    const sentences = textsOf(code.calls('refusal', 1, webhook)).filter((text) => !silent.includes(text));
    expect(sentences.length).toBe(withRemedy.length);
    expect(sorted(rows('### `requests were refused`'))).toEqual(sorted([...sentences, 'Send the body uncompressed.']));
  });

  it('about failed requests: each message of an error that is known', () => {
    const errors = [...code.errors('StoreError'), ...code.errors('QueueFullError')];
    expect(sorted(rows('### `requests failed`'))).toEqual(sorted(textsOf(errors)));
  });

  it('about what the queue has decided: each reason', () => {
    const reasons = [
      ...rows('### `event set aside; see it with: npm run queue -- show ID`'),
      ...rows('### `all sending holds; one event is tried at least every minute`'),
    ];
    const sentences = [...code.sentences('src/queue/attempt.ts'), ...code.sentences('src/handle-event.ts')];
    expect(sorted(reasons)).toEqual(sorted(textsOf(sentences)));
  });

  it('about mistakes of a handler: each error that tells one', () => {
    const errors = [...code.errors('MessageLimitError'), ...code.errors('ChangedCallsError')];
    expect(sorted(rows('### `the handler failed`'))).toEqual(sorted(textsOf(errors)));
  });

  it('about a reload: what only it says', () => {
    const texts = textsOf(code.sentences('src/process/reload.ts'));
    expect(sorted(rows('### `the settings were read again and are wrong: the old ones stay`'))).toEqual(sorted(texts));
  });

  it('about damage and about foreign hands: each finding', () => {
    const damaged =
      '### `the stored events are damaged; all others go on: restore a backup of DATA_DIR, or end such an event with npm run queue -- drop ID`';
    const damage = [...code.calls('onDamage', 0, 'src/'), ...code.errors('DamagedRecordError')];
    expect(sorted(rows(damaged))).toEqual(sorted(textsOf(damage)));
    const changed = '### `somebody else has changed DATA_DIR; no event is lost. Find out who, and leave it to the bot`';
    expect(sorted(rows(changed))).toEqual(sorted(textsOf(code.calls('say', 0, 'src/queue/lmdb/data-file.ts'))));
  });
});

describe('what stops the start', () => {
  it('has an entry each, and nothing else has', () => {
    const ofTheCommand = 'src/queue/lmdb/by-hand.ts'; // what an operator does by hand has its answer at once
    const errors = code.errors('OperatorError').filter(({ file }) => file !== ofTheCommand);
    const [start] = section('## The bot does not start').split('\n### ');
    const said = [...String(start).matchAll(/^\| `(.+?)` +\|/gm)].map(([, text = '']) => text);
    expect(sorted(said)).toEqual(sorted(textsOf(errors)));
  });

  it('has an entry for each mistake in the settings', () => {
    const config = 'src/config.ts';
    const problems = [
      ...code.calls('shown', 0, config),
      ...code.properties('error', config),
      ...code.calls('push', 0, config),
    ];
    expect(sorted(rows('### The settings'))).toEqual(sorted(textsOf(problems)));
  });
});

describe('a mistake in the file of Pages', () => {
  it('has an entry each', () => {
    const file = 'src/process/pages-file.ts';
    const problems = [...code.properties('error', file), ...code.calls('mistake', 0, file)];
    expect(sorted(rows('### The file of Pages'))).toEqual(sorted(textsOf(problems)));
    expect(problems.length).toBeGreaterThan(12);
  });
});

describe('what Graph answers', () => {
  const file = 'src/messenger/graph-error-rules.ts';
  const table = section('## What Graph answers')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) => {
      const cells = line.split('|').map((cell) => cell.trim());
      const codes = [...String(cells[1]).matchAll(/`((?:HTTP )?\d+(?:\/\d+)?)`/g)].map(([, one = '']) => one);
      return { codes, advice: cells[4] };
    });
  const facts: ErrorFacts = {
    ...{ code: undefined, subcode: undefined, message: '' },
    ...{ isTransient: false, httpStatus: 400, isJson: true },
  };
  const ruleOf = (key: string) => {
    const [first = '', subcode] = key.split('/');
    if (first.startsWith('HTTP ')) return findErrorRule({ ...facts, httpStatus: Number(first.slice(5)) });
    return findErrorRule({
      ...facts,
      code: Number(first),
      subcode: subcode === undefined ? undefined : Number(subcode),
    });
  };
  const keys = () => [
    ...['bySubcode', 'byCode', 'byBroadCode'].flatMap((name) => code.keys(name, file)),
    ...code.keys('byStatus', file).map((status) => `HTTP ${status}`),
  ];

  it('has each code once, with the advice that the bot gives', () => {
    const said = table.flatMap(({ codes, advice }) => codes.map((key) => [key, advice] as const));
    expect(said.map(([key]) => key).sort()).toEqual(keys().sort());
    expect(said).toEqual(said.map(([key]) => [key, ruleOf(key).advice]));
  });

  it('has every advice once', () => {
    const advice = textsOf(code.properties('advice', 'src/messenger/'));
    expect(table.map((row) => row.advice).sort()).toEqual([...advice].sort());
  });

  it('is left out of the alert about errors where it is about one person only', () => {
    const { expr = '' } = readRules().find(({ alert }) => alert === 'MessengerBotGraphErrors') ?? {};
    const expected = new RegExp(`^(?:${/code!~"([^"]+)"/.exec(expr)?.[1] ?? ''})$`);
    for (const key of keys().filter((one) => !one.startsWith('HTTP '))) {
      const label = key.includes('/') ? key : `${key}/1`;
      expect([key, expected.test(label)]).toEqual([key, ruleOf(key).action === 'give_up']);
    }
  });
});

describe('alerts', () => {
  const rules = readRules();

  it('have an entry each, and no others have', () => {
    const entries = [...section('## Alerts').matchAll(/^### (.+)$/gm)].map(([, name = '']) => name);
    expect(entries.sort()).toEqual(rules.map(({ alert }) => alert).sort());
  });

  it('lead to their entry', () => {
    for (const { alert, annotations } of rules) {
      expect(annotations.runbook_url).toBe(`docs/operations/wrong.md#${alert.toLowerCase()}`);
    }
  });
});

describe.each(['wrong.md', 'README.md'])('the links of %s', (name) => {
  const text = readFileSync(path.join(folder, name), 'utf8');
  const links = [...text.matchAll(/\]\((?!https?:)([^)\s]*)\)/g)].map(([, link = '']) => link);

  it.each(links)('%s leads somewhere', (link) => {
    const [file = '', anchor] = link.split('#');
    const target = path.join(folder, file === '' ? name : file);
    expect(existsSync(target)).toBe(true);
    if (anchor === undefined) return;
    const headings = [...readFileSync(target, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => slug(heading));
    expect(headings).toContain(anchor);
  });

  it('are some', () => {
    expect(links.length).toBeGreaterThan(3);
  });
});

/** How GitHub names a heading in an address. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}
