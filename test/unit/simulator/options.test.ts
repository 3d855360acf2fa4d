import { explainFailure, webAddress, wholeNumber } from '../../../src/simulator/options';

describe('an option of the simulator', () => {
  it.each(['0', '7', '65535'])('takes %p for a port', (text) => {
    expect(wholeNumber(65_535)(text)).toBe(Number(text));
  });

  it.each(['', 'x', '-1', '1.5', '1e3', '65536', '9'.repeat(400)])('takes no %p for one', (text) => {
    expect(() => wholeNumber(65_535)(text)).toThrow('It takes a whole number from 0 to 65535.');
  });

  it.each(['http://localhost:1337/webhook', 'https://bot.example/'])('takes %p for a webhook', (text) => {
    expect(webAddress(text)).toBe(text);
  });

  it.each(['', 'nonsense', '/webhook', 'localhost:1337', 'ftp://localhost/'])('takes no %p for one', (text) => {
    expect(() => webAddress(text)).toThrow('It takes an address like');
  });
});

describe('a simulator that cannot start', () => {
  it.each([
    ['EADDRINUSE', 'Port 80 is taken: stop what uses it, or take another.'],
    ['EACCES', 'Port 80 may not be used: take another.'],
    ['EOTHER', 'what the system says'],
  ])('says why after %s', (code, text) => {
    const error = Object.assign(new Error('what the system says'), { code });
    expect(explainFailure(error, 80, 'take another')).toBe(text);
  });

  it('says what was thrown, where that is no error', () => {
    expect(explainFailure('odd', 80, '')).toBe('odd');
  });
});
