import { normalise, showAddress } from '../../../src/cli/address';

describe('an address', () => {
  it.each([
    ['https://bot.example/webhook', 'https://bot.example/webhook'],
    ['https://user:password@bot.example:8443/webhook?key=secret#secret', 'https://bot.example:8443/webhook?…'],
    ['ftp://user:password@bot.example/', 'ftp://bot.example/'],
    ['mailto:user:password@bot.example', 'bot.example'],
    ['//user:password@bot.example/?key=secret', 'bot.example/'],
    ['https://user:pass?word@bot.example/#secret', 'bot.example/'],
    ['nonsense', 'nonsense'],
    ['', ''],
  ])('%p is shown as %p', (address, shown) => {
    expect(showAddress(address)).toBe(shown);
  });

  it.each([
    ['HTTP://LOCALHOST:21337/webhook', 'http://localhost:21337/webhook'],
    [' https://bot.example/webhook ', 'https://bot.example/webhook'],
    ['https://bot.example:443/webhook', 'https://bot.example/webhook'],
    ['https://bot.example', 'https://bot.example/'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
    ['nonsense', 'nonsense'],
  ])('%p is the same as %p', (address, normal) => {
    expect(normalise(address)).toBe(normal);
  });
});
