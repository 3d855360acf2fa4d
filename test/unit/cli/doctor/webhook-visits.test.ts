import { createHmac } from 'node:crypto';
import nock from 'nock';
import { readAddress, UnsafeAddressError, visitWebhook } from '../../../../src/cli/doctor/webhook-visits';

const visitAt = (address: string, appSecret?: string) =>
  visitWebhook({ address, verifyToken: 'the-token', appSecret, timeoutMs: 1_000, trusted: undefined });

describe('the verify token', () => {
  // A call that nothing expects would fail the test.
  it.each(['http://bot.example/webhook', 'http://localhost.bot.example/', 'ftp://bot.example/', 'nonsense', ''])(
    'is not sent to %p',
    async (address) => {
      await expect(visitAt(address)).rejects.toThrow(UnsafeAddressError);
    },
  );

  it.each(['https://bot.example/webhook', 'http://localhost:1/', 'http://127.0.0.1:1/', 'http://[::1]:1/'])(
    'may be sent to %p',
    (address) => {
      expect(readAddress(address).href).toBe(address);
    },
  );

  it('goes along no redirect, and nowhere but into the one verification that needs it', async () => {
    const seen: string[] = [];
    const note = (path: string) => {
      seen.push(path);
      return '';
    };
    const redirect = { Location: 'https://elsewhere.example/webhook' };
    nock('https://bot.example').get('/webhook').query(true).twice().reply(302, note, redirect);
    nock('https://bot.example').post('/webhook', { object: 'page', entry: [] }).reply(302, note, redirect);
    const { verification, challenge } = await visitAt('https://bot.example/webhook');
    expect(verification).toMatchObject({ status: 302 });
    expect(challenge).toMatch(/^\d{10}$/);
    expect(seen.filter((path) => path.includes('the-token'))).toHaveLength(1);
    expect(seen).toHaveLength(3);
  });

  it('has a POST with it that is signed as the platform signs, where there is a secret to sign with', async () => {
    const at = nock('https://bot.example').get('/webhook').query(true).twice().reply(200, '');
    nock('https://bot.example', { badheaders: ['x-hub-signature-256'] })
      .post('/webhook')
      .reply(401, '');
    const text = '{"object":"page","entry":[]}';
    const signature = `sha256=${createHmac('sha256', 'the-secret').update(text).digest('hex')}`;
    at.post('/webhook', text).matchHeader('x-hub-signature-256', signature).reply(200, 'OK');
    const { signed, unsigned } = await visitAt('https://bot.example/webhook', 'the-secret');
    expect([signed, unsigned]).toMatchObject([{ status: 200 }, { status: 401 }]);
  });
});
