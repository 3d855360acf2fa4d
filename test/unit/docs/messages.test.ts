import { readMessagesOf } from '../../support/messages';

/* What reads the messages out of the code: nobody may log past it. */

const around = (body: string) => `
  import type { Logger } from 'pino';
  const remedy = 'look at the disk';
  declare const log: Logger, tools: { readonly log: Logger }, isBad: boolean, count: number, text: string;
  export function example(): void { ${body} }
`;

it.each([
  ["log.warn('it rains')", [['warn', 'it rains']]],
  ["log.error({ count }, 'it pours')", [['error', 'it pours']]],
  ["tools.log.fatal('the end')", [['fatal', 'the end']]],
  ['log.warn(`${count} drops: ${remedy}`)', [['warn', '… drops: look at the disk']]],
  [
    "log.warn(isBad ? 'bad' : 'good')",
    [
      ['warn', 'bad'],
      ['warn', 'good'],
    ],
  ],
  [
    "const what = isBad ? 'bad' : 'good'; log.error({}, what)",
    [
      ['error', 'bad'],
      ['error', 'good'],
    ],
  ],
  [
    "log[isBad ? 'warn' : 'error']('it rains')",
    [
      ['warn', 'it rains'],
      ['error', 'it rains'],
    ],
  ],
  [
    "const say = (level: 'debug' | 'error', msg: string) => { log[level]({}, msg); }; say('debug', 'quiet'); say('error', 'loud')",
    [['error', 'loud']],
  ],
  ["log.info('nothing'); log.debug('less'); log.isLevelEnabled('warn')", []],
])('reads %s', (body, expected) => {
  expect(readMessagesOf(around(body)).logged.map((line) => [line.level, line.text])).toEqual(expected);
});

it.each([
  ['a text from elsewhere', 'log.warn(text)'],
  ['a level from elsewhere', 'log[text as "warn"](text)'],
  ['a text that is put together otherwise', "log.error('it ' + text)"],
  ['no text', 'log.error({ count })'],
  ['more than a text', "log.error({ count }, 'it %s', text)"],
  ['a method that is kept for later', 'const warn = log.warn; warn("x")'],
  ['a method that is taken out', 'const { warn } = log; warn("x")'],
  ['a method that is passed on', 'Promise.reject().catch(log.error)'],
  ['a logger made of it', 'log.child({}).warn("x")'],
  ['a helper that nobody calls', 'const say = (msg: string) => { log.error(msg); }; export { say }'],
])('refuses %s', (_, body) => {
  expect(() => readMessagesOf(around(body))).toThrow(/src\/example\.ts:\d+/);
});

it('reads what errors are made with, those of a kind included', () => {
  const { errors } = readMessagesOf(`
    class OperatorError extends Error {}
    class FullError extends OperatorError {}
    export const make = (place: string) => [new OperatorError('stop'), new FullError(\`\${place} is full\`), new Error('x')];
  `);
  expect(errors('OperatorError').map(({ text }) => text)).toEqual(['stop', '… is full']);
});
