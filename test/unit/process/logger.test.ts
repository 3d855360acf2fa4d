import { stripVTControlCharacters } from 'node:util';
import { loadConfig } from '../../../src/config';
import { createLogger, createProgramLogger } from '../../../src/process/logger';
import { createSecretKeeper, secretsOf } from '../../../src/process/secret-keeper';
import { keepingOutput } from '../../support/log-output';

const secrets = {
  PAGE_ACCESS_TOKEN: 'EAAverysecrettoken==',
  VERIFY_TOKEN: 'verysecretverify',
  APP_SECRET: 'first+secret/abc,second"secret"',
  NODE_ENV: 'development',
};

function logged(write: (log: ReturnType<typeof createLogger>) => void, env: Record<string, string> = {}): string {
  const lines: string[] = [];
  const log = createLogger(loadConfig({ ...secrets, ...env }), { write: (line) => void lines.push(line) });
  write(log);
  return lines.join('');
}

describe('createLogger', () => {
  it('writes one JSON object a line, with the level as a word and the time', () => {
    const line: unknown = JSON.parse(
      logged((log) => {
        log.info({ port: 1 }, 'hello');
      }),
    );
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
      port: 1,
      msg: 'hello',
    });
  });

  it('keeps to the level that is set', () => {
    const text = logged(
      (log) => {
        log.info('quiet');
        log.error('loud');
      },
      { LOG_LEVEL: 'error' },
    );
    expect(text).not.toContain('quiet');
    expect(text).toContain('loud');
  });

  it.each([
    ['the whole address', 'postgres://bot:its%2Fown%20secret@db/bot'],
    ['the password as it is', 'its/own secret'],
    ['the password as the address has it', 'its%2Fown%20secret'],
  ])('wipes what is secret about the database: %s', (_what, secret) => {
    const text = logged(
      (log) => {
        log.info({ deep: [secret] }, `a ${secret} b`);
      },
      { DATABASE_URL: 'postgres://bot:its%2Fown%20secret@db/bot' },
    );
    expect(text).not.toContain('secret');
    expect(text.match(/\[redacted\]/g)).toHaveLength(2);
  });

  it.each([
    ['the message', secrets.PAGE_ACCESS_TOKEN],
    ['percent-encoded', encodeURIComponent(secrets.PAGE_ACCESS_TOKEN)],
    ['the verify token', secrets.VERIFY_TOKEN],
    ['one of several App Secrets', 'first+secret/abc'],
    ['an App Secret with quotes', 'second"secret"'],
  ])('wipes secrets wherever they stand: %s', (_what, secret) => {
    const text = logged((log) => {
      log.info({ deep: { list: [`a ${secret} b`] } }, `x=${secret}&y`);
    });
    expect(text).not.toContain('secret');
    expect(text.match(/\[redacted\]/g)).toHaveLength(2);
    expect(() => {
      JSON.parse(text);
    }).not.toThrow();
  });

  it('keeps of an error only what is meant to be read', () => {
    const error = Object.assign(new Error('failed'), {
      code: 190,
      advice: 'renew',
      config: { url: 'https://x/?access_token=short' },
    });
    const line = JSON.parse(
      logged((log) => {
        log.error({ err: error }, 'x');
      }),
    ) as { err: Record<string, unknown> };
    expect(line.err).toEqual({ name: 'Error', message: 'failed', code: 190, advice: 'renew', stack: error.stack });
  });

  it('takes anything that was thrown', () => {
    expect(
      logged((log) => {
        log.error({ err: 'just text' }, 'x');
      }),
    ).toContain('"err":{"message":"just text"}');
  });

  it('takes of an error only facts that are a word or a number', () => {
    const error = Object.assign(new Error('failed'), {
      code: { secret: 1 },
      subcode: undefined,
      status: 5,
      path: '/x',
    });
    const { err } = JSON.parse(
      logged((log) => {
        log.error({ err: error }, 'x');
      }),
    ) as { err: object };
    expect(Object.keys(err)).toEqual(['name', 'message', 'path', 'status', 'stack']);
  });

  it('wipes secrets that have come later, too, and those of before', () => {
    const lines: string[] = [];
    const config = loadConfig(secrets);
    const ever = createSecretKeeper(secretsOf(config));
    const log = createLogger(config, { write: (line) => void lines.push(line) }, undefined, ever.ever);
    log.info('the new-page-token is not known yet');
    const next = {
      PAGE_ACCESS_TOKEN: 'new-page-token',
      VERIFY_TOKEN: 'new-verify-token',
      APP_SECRET: 'new-app-secret',
    };
    ever.replace(secretsOf(loadConfig(next)));
    log.info('new-page-token new-verify-token new-app-secret EAAverysecrettoken==');
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      'the new-page-token is not known yet',
      '[redacted] [redacted] [redacted] [redacted]',
    ]);
  });

  it('wipes secrets of 12 characters and more: shorter ones could be any word', () => {
    const text = logged(
      (log) => {
        log.info('twelve-chars eleven-char');
      },
      { APP_SECRET: 'twelve-chars,eleven-char' },
    );
    expect(text).toContain('"msg":"[redacted] eleven-char"');
  });

  it('drops tokens and headers by their names', () => {
    const text = logged((log) => {
      log.info({ access_token: 'a1', request: { token: 'b2', headers: { cookie: 'c3' } } }, 'x');
    });
    expect(text).not.toMatch(/a1|b2|c3/);
  });
});

describe('the log of a program', () => {
  const line = (isTerminal: boolean, env: Record<string, string>) => {
    const kept = keepingOutput(isTerminal);
    const log = createProgramLogger(loadConfig({ ...secrets, ...env }), kept.output);
    log.info({ port: 1 }, secrets.PAGE_ACCESS_TOKEN);
    return kept.lines.join('');
  };

  it('is readable on a terminal in development', () => {
    expect(line(true, {})).toContain('\u001b['); // in colour
    expect(stripVTControlCharacters(line(true, {}))).toMatch(/^\[[\d:.]+\] INFO: \[redacted\]\n {4}port: 1\n$/);
  });

  it.each([
    ['on a terminal in production', true, { NODE_ENV: 'production' }],
    ['in a pipe', false, {}],
  ])('is JSON %s', (_where, isTerminal, env) => {
    expect(JSON.parse(line(isTerminal, env))).toMatchObject({ level: 'info', port: 1, msg: '[redacted]' });
  });

  it('says how many lines were lost, and why', () => {
    const kept = keepingOutput();
    createProgramLogger(loadConfig(secrets), kept.output);
    kept.lose(17, 'the disk was full');
    expect(JSON.parse(kept.lines.join(''))).toMatchObject({ level: 'warn', lines: 17, reason: 'the disk was full' });
  });
});
