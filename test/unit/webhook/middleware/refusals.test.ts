import express from 'express';
import createError from 'http-errors';
import request from 'supertest';
import { loadConfig } from '../../../../src/config';
import { createLimitedLog } from '../../../../src/process/limited-log';
import { createLogger } from '../../../../src/process/logger';
import { createRefusals, refusal } from '../../../../src/webhook/middleware/refusals';

function appThatFails(fail: express.RequestHandler) {
  const lines: string[] = [];
  const config = loadConfig({ PAGE_ACCESS_TOKEN: 'page-token', VERIFY_TOKEN: 'verify-token', LOG_LEVEL: 'debug' });
  const app = express();
  app.get('/', fail);
  const log = createLogger(config, { write: (line) => void lines.push(line) });
  app.use(createRefusals(log, createLimitedLog()).handler);
  const said = (level: string) => lines.filter((line) => line.includes(`"level":"${level}"`));
  return { app, said };
}

describe('a refusal', () => {
  it.each([
    [new Error('inner details'), 500],
    [createError(500, 'inner details'), 500],
    [createError(400, 'inner details', { expose: false }), 500],
  ])('that is a mistake of ours answers 500, says nothing of it, and is an error line: %s', async (error, status) => {
    const { app, said } = appThatFails(() => {
      throw error;
    });
    const response = await request(app).get('/');
    expect(response.status).toBe(status);
    expect(response.text).toBe('Something went wrong here. Please try again.');
    expect(said('error')).toEqual([expect.stringContaining('inner details')]);
    expect(said('error').join()).toMatch(/"method":"GET","path":"\/","status":500,"times":1/);
  });

  it('that somebody should know of is a warning with its remedy, and one line however often it happens', async () => {
    const { app, said } = appThatFails(() => {
      throw refusal(401, 'Not signed.', 'Compare the secret.');
    });
    for (let n = 0; n < 5; n += 1) {
      const response = await request(app).get('/');
      expect([response.status, response.text]).toEqual([401, 'Not signed.']);
    }
    expect(said('warn')).toHaveLength(1);
    expect(said('warn').join()).toMatch(/"status":401,"times":1,"reason":"Not signed.","remedy":"Compare the secret."/);
    expect(said('debug')).toHaveLength(5);
  });

  it('is counted for each reason apart', async () => {
    let n = 0;
    const { app, said } = appThatFails(() => {
      n += 1;
      throw n > 2 ? new Error(`mistake ${n}`) : refusal(400 + n, 'No.', 'A remedy.');
    });
    for (let times = 0; times < 4; times += 1) await request(app).get('/');
    expect(said('warn')).toHaveLength(2);
    expect(said('error')).toHaveLength(2);
  });

  it('that nobody need know of is a debug line', async () => {
    const { app, said } = appThatFails(() => {
      throw refusal(404, 'Nothing here.');
    });
    expect((await request(app).get('/')).status).toBe(404);
    expect(said('debug').join()).toMatch(/"method":"GET","path":"\/","status":404,"reason":"Nothing here."/);
    expect([...said('warn'), ...said('error')]).toEqual([]);
  });

  it('that comes in the middle of an answer cuts it off, and is an error line', async () => {
    const { app, said } = appThatFails((_req, res) => {
      res.write('x');
      throw new Error('late');
    });
    await expect(request(app).get('/')).rejects.toThrow(/aborted|hang up/);
    expect(said('error').join()).toMatch(/late.*cut off/);
  });

  it('that comes after an answer is nothing', async () => {
    const { app, said } = appThatFails((_req, res) => {
      res.send('done');
      throw new Error('the rest of the body');
    });
    expect((await request(app).get('/')).text).toBe('done');
    expect([...said('debug'), ...said('warn'), ...said('error')]).toEqual([]);
  });
});
