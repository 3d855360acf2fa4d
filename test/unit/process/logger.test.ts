import { loadConfig } from '../../../src/config';
import { createLogger } from '../../../src/process/logger';

const secrets = {
  PAGE_ACCESS_TOKEN: 'EAAverysecrettoken==',
  VERIFY_TOKEN: 'verysecretverify',
  APP_SECRET: 'first+secret/abc,second"secret"',
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

  it('drops tokens and headers by their names', () => {
    const text = logged((log) => {
      log.info({ access_token: 'a1', request: { token: 'b2', headers: { cookie: 'c3' } } }, 'x');
    });
    expect(text).not.toMatch(/a1|b2|c3/);
  });
});

describe('standard output', () => {
  const write = (isTTY: boolean, env: Record<string, string>) => {
    const descriptor = Object.getOwnPropertyDescriptor(process.stdout, 'isTTY');
    Object.defineProperty(process.stdout, 'isTTY', { value: isTTY, configurable: true });
    try {
      return createLogger(loadConfig({ ...secrets, LOG_LEVEL: 'silent', ...env }));
    } finally {
      if (descriptor) Object.defineProperty(process.stdout, 'isTTY', descriptor);
      else Reflect.deleteProperty(process.stdout, 'isTTY');
    }
  };
  const streamOf = (log: object) => {
    const symbol = Object.getOwnPropertySymbols(log).find((one) => one.description === 'pino.stream');
    return (symbol ? Reflect.get(log, symbol) : undefined) as object;
  };

  it.each([
    ['readable lines on a terminal in development', true, {}, 'Transform'],
    ['JSON lines on a terminal in production', true, { NODE_ENV: 'production' }, 'SonicBoom'],
    ['JSON lines into a pipe', false, {}, 'SonicBoom'],
  ])('gets %s', (_what, isTTY, env, stream) => {
    expect(streamOf(write(isTTY, env)).constructor.name).toBe(stream);
  });
});
