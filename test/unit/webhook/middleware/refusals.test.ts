import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
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

  it("that is nobody's mistake is a warning, too, though the platform is to try again", async () => {
    const { app, said } = appThatFails(() => {
      throw refusal(503, 'Too much.', 'Let the proxy limit it.');
    });
    expect((await request(app).get('/')).status).toBe(503);
    expect(said('warn')).toHaveLength(1);
    expect(said('error')).toEqual([]);
  });

  it('closes the connection only where something of the request is still to come', async () => {
    const { app } = appThatFails(() => {
      throw refusal(404, 'Nothing here.');
    });
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
    const ask = async (more: string) => {
      socket.write(`GET / HTTP/1.1\r\nHost: x\r\n${more}\r\n`);
      return String(((await once(socket, 'data')) as [Buffer])[0]);
    };
    expect(await ask('')).toContain('Connection: keep-alive');
    expect(await ask('Content-Length: 9\r\n')).toContain('Connection: close');
    await once(socket, 'close');
    server.close();
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
