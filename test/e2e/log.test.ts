import path from 'node:path';
import { bodyOf, eventOf } from '../support/fixtures';
import { entryPoint } from '../support/built-server';
import { countingGraph, startServer } from '../support/started-server';

const message = (n: number) =>
  JSON.stringify(bodyOf(eventOf({ message: { mid: `m_${n}`, text: 'hi' } }, Date.now(), `person-${n}`)));
const beside = (name: string) => [process.execPath, '-r', path.join(__dirname, '..', 'support', name), entryPoint];

describe('a log that cannot be written', () => {
  it('ends nothing and delays nothing where its disk is full', async () => {
    const graph = await countingGraph();
    const server = await startServer(graph.url, {}, beside('full-log.cjs'));
    for (let n = 0; n < 20; n += 1) expect((await server.post(message(n))).status).toBe(200);
    await graph.got(20);
    server.kill('SIGTERM');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(server.output()).not.toContain('event handled');
  });

  it('holds up nobody where its reader stands still, and tells afterwards what was lost', async () => {
    const graph = await countingGraph();
    const server = await startServer(graph.url, { LOG_LEVEL: 'trace' });
    server.standStill();
    // A line for each, with a path of 15 kB: more than the pipe and the 4 MiB beside it can hold.
    const url = `${server.url}/${'x'.repeat(15_000)}`;
    for (let n = 0; n < 600; n += 1) expect((await fetch(url)).status).toBe(404);
    expect((await server.post(message(1))).status).toBe(200);
    await graph.got(1);
    server.goOn();
    const told = await server.line('log lines were lost: they could not be written in time');
    expect(Number(told['lines'])).toBeGreaterThan(200);
    server.standStill();
    server.kill('SIGTERM');
    server.goOn();
    expect(await server.ended).toEqual({ code: 0, signal: null });
  });

  it('does not hold up the end', async () => {
    const graph = await countingGraph();
    const server = await startServer(graph.url, { LOG_LEVEL: 'trace' });
    server.standStill();
    const url = `${server.url}/${'x'.repeat(15_000)}`;
    for (let n = 0; n < 100; n += 1) await fetch(url);
    const start = performance.now();
    server.kill('SIGTERM');
    expect(await server.exited).toBe(0);
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});

describe('the last lines', () => {
  it('are written before a mistake ends the bot', async () => {
    const server = await startServer('http://127.0.0.1:9', {}, beside('mistake-on-signal.cjs'));
    server.kill('SIGUSR2');
    expect(await server.ended).toEqual({ code: 1, signal: null });
    expect(server.output()).toMatch(/"level":"fatal".*a mistake that nobody catches.*\n$/);
  });

  it('are written before a signal ends it', async () => {
    const server = await startServer('http://127.0.0.1:9');
    server.kill('SIGTERM');
    await server.ended;
    expect(server.output()).toMatch(/"msg":"stopped"\}\n$/);
  });
});

describe('what is refused before it is complete', () => {
  it('leaves nothing on standard error', async () => {
    const server = await startServer('http://127.0.0.1:9');
    const body = new Blob([Buffer.alloc(6 * 1024 * 1024)]).stream(); // of unknown length
    const headers = { 'X-Hub-Signature-256': `sha256=${'0'.repeat(64)}` };
    // The connection may be closed before the answer is read.
    await fetch(server.url, { method: 'POST', headers, body, duplex: 'half' }).catch(() => undefined);
    expect(await server.line('requests were refused')).toMatchObject({ status: 413 });
    server.kill('SIGTERM');
    await server.ended;
    expect(server.output()).not.toMatch(/^ +at /m);
  });
});
