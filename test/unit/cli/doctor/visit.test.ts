import nock from 'nock';
import { describeConnection, remedyForConnection, visit } from '../../../../src/cli/doctor/visit';

describe('a visit', () => {
  const go = () =>
    visit({ url: new URL('https://bot.example/webhook'), method: 'GET', timeoutMs: 1_000, trusted: undefined });

  it('tells what was answered, and follows nothing', async () => {
    nock('https://bot.example').get('/webhook').reply(302, 'ö', { Location: '/elsewhere' });
    expect(await go()).toEqual({ status: 302, text: '\u00c3\u00b6', location: '/elsewhere', isPage: false });
  });

  it('fails with a code, whatever happens', async () => {
    nock('https://bot.example').get('/webhook').replyWithError('no code');
    expect(await go()).toEqual({ code: 'NO_CONNECTION' });
  });
});

describe('a connection that failed', () => {
  it.each(['NO_CONNECTION', 'toString', 'PROXY'])(
    'is described with its code %s where nothing is known of it',
    (code) => {
      expect(describeConnection(code)).toBe(`the connection fails (${code})`);
      expect(remedyForConnection(code)).toContain('browser');
    },
  );

  it('names its proxy', () => {
    expect(describeConnection('PROXY_502')).toBe('the proxy refuses to connect (HTTP 502)');
  });
});
