import express from 'express';
import request from 'supertest';
import { createLogger } from '../../../../src/process/logger';
import { loadConfig } from '../../../../src/config';
import { refuseErrors } from '../../../../src/webhook/middleware/refuse-errors';

function appThatFails(fail: express.RequestHandler) {
  const lines: string[] = [];
  const config = loadConfig({ PAGE_ACCESS_TOKEN: 'page-token', VERIFY_TOKEN: 'verify-token' });
  const app = express();
  app.get('/', fail);
  app.use(refuseErrors(createLogger(config, { write: (line) => void lines.push(line) })));
  app.use(((_error, _req, res, next) => {
    if (res.headersSent) res.destroy();
    else next();
  }) as express.ErrorRequestHandler);
  return { app, lines };
}

describe('refuseErrors', () => {
  it('answers 500 to a mistake of ours, says nothing about it, and logs it', async () => {
    const { app, lines } = appThatFails(() => {
      throw new Error('inner details');
    });
    const response = await request(app).get('/');
    expect(response.status).toBe(500);
    expect(response.text).not.toContain('inner details');
    expect(lines.join()).toContain('inner details');
  });

  it('leaves an answer that has begun to Express, which cuts it off', async () => {
    const { app } = appThatFails((_req, res) => {
      res.write('x');
      throw new Error('late');
    });
    await expect(request(app).get('/')).rejects.toThrow(/aborted|hang up/);
  });
});
