import { hush } from '../../../src/cli/hush';
import { writePages } from '../../support/pages';
import { scriptedTerminal } from '../../support/scripted-terminal';

describe('a terminal that shows no secret', () => {
  it('wipes what the environment holds, in each form, from whatever is written', async () => {
    const env: Record<string, string> = {};
    const { terminal, said } = scriptedTerminal();
    const hushed = hush(terminal, env);
    Object.assign(env, {
      PAGE_ACCESS_TOKEN: 'EAA|page-token',
      VERIFY_TOKEN: ' a verify "token" ',
      APP_SECRET: 'first-app-secret, second-app-secret',
    });
    await hushed.write('EAA|page-token EAA%7Cpage-token a verify "token" a+verify+%22token%22 webhook');
    hushed.complain(`first-app-secret ${JSON.stringify({ a: 'a verify "token"' })} second-app-secret`);
    expect(said()).toMatchObject({
      output: '[redacted] [redacted] [redacted] [redacted] webhook',
      complaints: '[redacted] {"a":"[redacted]"} [redacted]',
    });
  });

  it('leaves words alone that are too short to be telling', async () => {
    const { terminal, said } = scriptedTerminal();
    await hush(terminal, { VERIFY_TOKEN: 'elevenchars', APP_SECRET: '' }).write('elevenchars');
    expect(said().output).toBe('elevenchars');
  });

  it('wipes what is secret about the database, also where its address is wrong', async () => {
    const { terminal, said } = scriptedTerminal();
    const env = {
      DATABASE_URL: ' postgres://bot:long%2Fpassword@db/bot?password=another+long+one ',
      PGPASSWORD: 'a-third-long-one',
    };
    const hushed = hush(terminal, env);
    await hushed.write(`${env.DATABASE_URL}|long/password|long%2Fpassword|another long one|a-third-long-one|bot`);
    env.DATABASE_URL = 'postgres://bot:long/password';
    await hushed.write(`|postgres://bot:long/password`);
    env.DATABASE_URL = 'postgres://bot:a-password%ff@db/bot';
    await hushed.write(`|a-password%ff`);
    expect(said().output).toBe(' [redacted] |[redacted]|[redacted]|[redacted]|[redacted]|bot|[redacted]|[redacted]');
  });

  it('wipes the tokens of all Pages, also of a file that is named later, and bears one that cannot be read', async () => {
    const env: Record<string, string> = {};
    const { terminal, said } = scriptedTerminal();
    const hushed = hush(terminal, env);
    await hushed.write('token-of-the-bakery ');
    env['PAGES_FILE'] = writePages([{ id: '1', accessToken: 'token-of-the-bakery' }]);
    await hushed.write('token-of-the-bakery ');
    env['PAGES_FILE'] = '/no/such/file';
    await hushed.write('words');
    expect(said().output).toBe('token-of-the-bakery [redacted] words');
  });
});
