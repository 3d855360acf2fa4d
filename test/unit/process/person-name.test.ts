import { loadConfig } from '../../../src/config';
import { createPersonName } from '../../../src/process/person-name';

const nameWith = (env: Record<string, string>) =>
  createPersonName(loadConfig({ PAGE_ACCESS_TOKEN: 'page-token', VERIFY_TOKEN: 'verify-token', ...env }));

describe('the name of a person in a log line', () => {
  it('is a short hash, the same each time, another one for another person', () => {
    const name = nameWith({ APP_SECRET: 'secret' });
    expect(name('24601')).toMatch(/^p-[0-9a-f]{10}$/);
    expect(nameWith({ APP_SECRET: 'secret, old' })('24601')).toBe(name('24601'));
    expect(name('24602')).not.toBe(name('24601'));
  });

  it('is another one for each bot: whoever does not know its secrets cannot make it', () => {
    const names = [
      nameWith({ APP_SECRET: 'secret' }),
      nameWith({ APP_SECRET: 'other' }),
      nameWith({}),
      nameWith({ VERIFY_TOKEN: 'another' }),
    ].map((name) => name('24601'));
    expect(new Set(names).size).toBe(4);
  });

  it('is the page-scoped id where the operator wants it', () => {
    expect(nameWith({ LOG_PSID: 'true' })('24601')).toBe('24601');
  });
});
