import { once } from 'node:events';
import net from 'node:net';
import { createHmac } from 'node:crypto';
import { secrets, sign } from '../support/bot';
import { entryPoint, runBuilt } from '../support/built-server';
import { temporaryFolder } from '../support/temporary-folder';
import { bodyOf, eventOf, fixtureOfNow, ids, tutorial } from '../support/fixtures';
import { graphStandIn } from '../support/graph-stand-in';
import { startHttpServer } from '../support/http-server';
import { signal } from '../support/signal';
import { countingGraph, settings, startServer } from '../support/started-server';

describe('the built server', () => {
  it('plays the whole conversation of the tutorial, signed, over real HTTP', async () => {
    const graph = await countingGraph();
    const server = await startServer(graph.url, { APP_ID: ids.app });
    const steps: [string, number][] = [
      ['message-text', 1],
      ['quick-reply-pass-to-inbox', 3],
      ['pass-thread-control-to-inbox', 3],
      ['standby-message-text', 3],
      ['take-thread-control', 3],
      ['pass-thread-control-done', 4],
      ['standby-quick-reply-take-from-inbox', 6],
      ['request-thread-control', 7],
      ['app-roles', 7],
    ];
    for (const [fixture, calls] of steps) {
      const response = await server.post(fixtureOfNow(fixture));
      expect([response.status, await response.text()]).toEqual([200, 'OK']);
      await graph.got(calls);
    }
    server.kill('SIGTERM');
    expect(await server.ended).toEqual({ code: 0, signal: null });

    const recipient = { id: ids.person };
    expect(graph.calls.map(({ path: called, body }) => [called, body])).toEqual([
      ['/me/messages', tutorial.welcome(ids.person)],
      ['/me/messages', tutorial.passing(ids.person)],
      ['/me/pass_thread_control', { recipient, target_app_id: ids.pageInbox }],
      ['/me/messages', tutorial.passedBack(ids.person)],
      ['/me/take_thread_control', { recipient }],
      ['/me/messages', tutorial.taking(ids.person)],
      ['/me/pass_thread_control', { recipient, target_app_id: ids.otherApp }],
    ]);
    const proof = createHmac('sha256', secrets.APP_SECRET).update(secrets.PAGE_ACCESS_TOKEN).digest('hex');
    for (const { query } of graph.calls) {
      expect(query).toEqual({ access_token: secrets.PAGE_ACCESS_TOKEN, appsecret_proof: proof });
    }
    for (const secret of Object.values(secrets)) expect(server.output()).not.toContain(secret);
    expect(server.output()).not.toContain('is anybody there');
  });

  it('answers the verification, and refuses what it must', async () => {
    const server = await startServer('http://127.0.0.1:9');
    const verify = await fetch(
      `${server.url}?hub.mode=subscribe&hub.verify_token=${secrets.VERIFY_TOKEN}&hub.challenge=42`,
    );
    expect([verify.status, await verify.text()]).toEqual([200, '42']);
    expect((await fetch(`${server.url}?hub.verify_token=x&hub.challenge=42`)).status).toBe(403);
    const unsigned = {
      method: 'POST',
      body: fixtureOfNow('message-text'),
      headers: { 'Content-Type': 'application/json' },
    };
    expect((await fetch(server.url, unsigned)).status).toBe(401);
  });

  it('goes on after Graph could not be reached, and says what happened without the token', async () => {
    const server = await startServer('http://127.0.0.1:9');
    expect((await server.post(fixtureOfNow('message-text'))).status).toBe(200);
    expect(await server.line('a call failed')).toMatchObject({
      err: { name: 'GraphConnectionError', code: 'ECONNREFUSED' },
    });
    expect((await server.post(fixtureOfNow('read'))).status).toBe(200);
    expect(server.output()).not.toContain(secrets.PAGE_ACCESS_TOKEN);
  });

  it('lets no further call out after SIGTERM, notes the answer of the one under way, keeps what still comes in, and goes on with the rest', async () => {
    const folder = temporaryFolder();
    const hold = signal();
    const graph = await countingGraph(hold.sent);
    const server = await startServer(graph.url, { DATA_DIR: folder });
    await server.post(fixtureOfNow('quick-reply-pass-to-inbox'));
    await graph.got(1);
    server.kill('SIGTERM');
    await server.line('stopping: no further calls; what still comes in is kept');
    const other = JSON.stringify(bodyOf(eventOf({ message: { mid: 'm_other', text: 'hi' } }, Date.now(), 'other')));
    expect((await server.post(other)).status).toBe(200); // kept for the next start
    hold.send();
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(graph.calls.map((call) => call.path)).toEqual(['/me/messages']);
    await startServer(graph.url, { DATA_DIR: folder });
    await graph.got(3);
    expect(graph.calls.map((call) => call.path).sort()).toEqual([
      '/me/messages',
      '/me/messages',
      '/me/pass_thread_control',
    ]);
  });

  it('sends a message once that Graph takes with an odd body, and refuses to believe a proxy', async () => {
    let answers = 0;
    const graph = await startHttpServer((req, res) => {
      req.resume().on('end', () => {
        answers += 1;
        if (answers === 1) res.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>a proxy</html>');
        else if (answers === 2) res.writeHead(200, { 'x-fb-trace-id': 'A' }).end('<odd>');
        else res.writeHead(200, { 'Content-Type': 'text/javascript; charset=UTF-8' }).end('');
      });
    });
    const server = await startServer(graph.url);
    await server.post(fixtureOfNow('message-text'));
    await server.line('event will be tried again');
    await server.line('event handled');
    const other = JSON.stringify(bodyOf(eventOf({ message: { mid: 'm_other', text: 'hi' } }, Date.now(), 'other')));
    await server.post(other);
    server.kill('SIGTERM');
    await server.ended;
    expect(answers).toBeLessThanOrEqual(3);
  });

  it('goes on with what was left after kill -9, without repeating a completed call', async () => {
    const folder = temporaryFolder();
    const hold = signal();
    const passing = signal();
    const graph = await graphStandIn(async ({ path: called }) => {
      if (called === '/me/pass_thread_control') {
        passing.send();
        await hold.sent;
      }
      return [200, { success: true }];
    });
    const first = await startServer(graph.url, { DATA_DIR: folder });
    await first.post(fixtureOfNow('quick-reply-pass-to-inbox'));
    await passing.sent;
    first.kill('SIGKILL');
    await first.ended;
    hold.send();
    const second = await startServer(graph.url, { DATA_DIR: folder });
    await second.line('event handled');
    expect(graph.calls.filter((call) => call.path === '/me/messages')).toHaveLength(1);
    expect(graph.calls.at(-1)?.path).toBe('/me/pass_thread_control');
  });

  it('answers 503 when the disk is full, and stays up', async () => {
    const full = ['bash', '-c', `ulimit -f 200 && exec "${process.execPath}" "${entryPoint}"`] as const;
    const env = { ...settings, GRAPH_API_URL: 'http://127.0.0.1:9', DATA_DIR: 'data' };
    const server = runBuilt(env, temporaryFolder(), full);
    const { port } = (await server.line('webhook is listening')) as { port: number };
    const post = async (n: number) => {
      const message = { mid: `m_${n}`, text: 'x'.repeat(2_000) };
      const body = JSON.stringify(bodyOf(eventOf({ message }, Date.now(), `person-${n}`)));
      const headers = { 'Content-Type': 'application/json', 'X-Hub-Signature-256': sign(body) };
      return (await fetch(`http://127.0.0.1:${port}/webhook`, { method: 'POST', headers, body })).status;
    };
    const answers: number[] = [];
    for (let n = 0; n < 150; n += 1) answers.push(await post(n));
    expect(answers[0]).toBe(200);
    expect(answers.at(-1)).toBe(503);
    expect(new Set(answers)).toEqual(new Set([200, 503]));
    server.kill('SIGTERM');
    expect(await server.ended).toEqual({ code: 0, signal: null });
  });

  it('answers 503 when the system gives it no more files, and stays up', async () => {
    const few = ['bash', '-c', `ulimit -n 80 && exec "${process.execPath}" "${entryPoint}"`];
    const graph = await countingGraph();
    const server = await startServer(graph.url, {}, few);
    const first = net.connect(server.port, '127.0.0.1');
    await once(first, 'connect');
    const others = Array.from({ length: 100 }, () => net.connect(server.port, '127.0.0.1'));
    // One that is turned away shows that there are none left.
    await Promise.race(
      others.map((other) => new Promise((resolve) => other.on('error', resolve).on('close', resolve).resume())),
    );
    const ask = async () => {
      const text = fixtureOfNow('message-text');
      first.write(
        `POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Hub-Signature-256: ${sign(text)}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
      );
      const [answer] = (await once(first, 'data')) as [Buffer];
      return answer.toString().slice(0, 12);
    };
    expect(await ask()).toBe('HTTP/1.1 503');
    for (const other of others) other.destroy();
    while ((await ask()) !== 'HTTP/1.1 200') await new Promise(setImmediate);
    await graph.got(1);
    first.destroy();
  });

  it('is at its end once all is answered, whoever still holds a connection', async () => {
    const graph = await countingGraph();
    const server = await startServer(graph.url);
    const silent = net.connect(server.port, '127.0.0.1');
    silent.on('error', () => undefined);
    await once(silent, 'connect');
    await server.post(fixtureOfNow('message-text'));
    await graph.got(1);
    const start = performance.now();
    server.kill('SIGTERM');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - start).toBeLessThan(2_000); // a silent connection is kept for 10 s otherwise
    expect(server.output()).not.toContain('cut off');
  });

  it('ends at once on a second signal', async () => {
    const graph = await countingGraph(new Promise(() => undefined));
    const server = await startServer(graph.url);
    await server.post(fixtureOfNow('message-text'));
    await graph.got(1);
    server.kill('SIGTERM');
    await server.line('stopping: no further calls; what still comes in is kept');
    server.kill('SIGINT');
    expect(await server.ended).toEqual({ code: 130, signal: null });
  });

  it('survives connections that speak no HTTP', async () => {
    const graph = await countingGraph();
    const server = await startServer(graph.url);
    const socket = net.connect(server.port, '127.0.0.1', () => socket.write('\x16\x03\x01 hello?\r\n\r\n'));
    const answer = await new Promise<string>((resolve) =>
      socket.once('data', (data) => {
        resolve(data.toString());
      }),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400/);
    socket.destroy();
    expect((await server.post(JSON.stringify(bodyOf(eventOf({ message: { text: 'hi' } }, Date.now()))))).status).toBe(
      200,
    );
    await graph.got(1);
  });
});
