import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { testAuthority, type Certificate } from '../support/certificates';
import { startHttpServer } from '../support/http-server';
import { rightSetUp } from '../support/set-up';

const MIB = 1024 * 1024;
const queryOf = (path: string | undefined) => new URL(path ?? '', 'http://localhost').searchParams;

/** Answers as the bot does. */
const asTheBot =
  (token: string): RequestListener =>
  (req, res) => {
    const query = queryOf(req.url);
    if (req.method === 'POST') res.writeHead(401).end('no');
    else if (query.get('hub.verify_token') === token) res.end(query.get('hub.challenge'));
    else res.writeHead(403).end('no');
  };

const servers: net.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: net.Server): Promise<string> {
  servers.push(server);
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return String((server.address() as AddressInfo).port);
}

describe('a public address', () => {
  it.each<[string, RequestListener, RegExp, RegExp]>([
    [
      'redirects',
      (req, res) => void res.writeHead(301, { Location: `https://www.bot.example${req.url ?? ''}` }).end(),
      /redirects to https:\/\/www\.bot\.example\/webhook, which the platform does not follow/,
      /answers by itself/,
    ],
    [
      'redirects to what it was asked, encoded',
      (req, res) => void res.writeHead(302, { Location: `/login/${encodeURIComponent(String(req.url))}` }).end(),
      /redirects to http:\/\/127\.0\.0\.1:\d+\/…, which/,
      /./,
    ],
    ['redirects to nowhere', (_req, res) => void res.writeHead(302).end(), /webhook redirects, which/, /./],
    [
      'answers another challenge',
      (_req, res) => void res.end('12345'),
      /answers something else than the challenge/,
      /PORT/,
    ],
    [
      'answers more than the challenge',
      (req, res) => void res.end(`${queryOf(req.url).get('hub.challenge') ?? ''}\n`),
      /something else than the challenge/,
      /PORT/,
    ],
    [
      'answers a web page',
      (_req, res) => void res.setHeader('Content-Type', 'text/html').end('<h1>Welcome</h1>'),
      /answers a web page: that is not the bot/,
      /PORT/,
    ],
    [
      'answers a web page that it does not call one',
      (_req, res) => void res.end('  <!doctype html>'),
      /answers a web page/,
      /PORT/,
    ],
    [
      'is not found',
      (_req, res) => void res.writeHead(404).end('<html>'),
      /answers HTTP 404 with a web page\./,
      /\/webhook/,
    ],
    ['is closed', (_req, res) => void res.writeHead(410).end('gone'), /answers HTTP 410\./, /\/webhook/],
    [
      'reaches no bot',
      (_req, res) => void res.writeHead(502).end(),
      /the web server does not reach the bot \(HTTP 502\)/,
      /Start the bot/,
    ],
    ['hangs up', (_req, res) => void res.destroy(), /closed at once \(ECONNRESET\)/, /browser/],
    [
      'hangs up in the middle',
      (_req, res) => void res.writeHead(200, { 'Content-Length': 9 }).write('1', () => res.destroy()),
      /closed at once/,
      /browser/,
    ],
    [
      'speaks something else',
      (req) => void req.socket.end('SSH-2.0-OpenSSH\r\n'),
      /the connection fails \(HPE_\w+\)/,
      /browser/,
    ],
    ['never answers', () => undefined, /nothing comes back in time \(ETIMEDOUT\)/, /firewall/],
    ['never comes to an end', (_req, res) => void res.write('1'), /nothing comes back in time/, /firewall/],
  ])('that %s is wrong, and it is said why', async (_what, listener, text, remedy) => {
    const site = await rightSetUp();
    const { url } = await startHttpServer(listener);
    const [found] = await site.find('Webhook', ['--url', `${url}/webhook`], { timeoutMs: 300 });
    expect(found?.mark).toBe('wrong');
    expect(found?.text).toMatch(text);
    expect(found?.remedy).toMatch(remedy);
    expect(JSON.stringify(found)).not.toContain(site.sim.platform.settings.verifyToken);
    expect(JSON.stringify(found)).not.toContain('hub.');
  });

  it('that answers without end is not read to the end', async () => {
    const site = await rightSetUp();
    let sent = 0;
    const { url } = await startHttpServer((_req, res) => {
      const send = (): void => {
        while (!res.destroyed && sent < 64 * MIB && res.write(Buffer.alloc(MIB, 'x'))) sent += MIB;
      };
      res.on('drain', send);
      send();
    });
    expect((await site.find('Webhook', ['--url', `${url}/webhook`], { timeoutMs: 2_000 }))[0]).toMatchObject({
      mark: 'wrong',
      text: expect.stringContaining('something else than the challenge') as string,
    });
    expect(sent).toBeLessThan(40 * MIB); // the system's own buffers take some
  });

  it('is the one that is subscribed, unless another one is named, which is pointed out', async () => {
    const site = await rightSetUp();
    expect((await site.find('Webhook'))[0]).toMatchObject({
      mark: 'ok',
      text: `${site.webhook} answers the verification.`,
    });
    const { url } = await startHttpServer(asTheBot(site.sim.platform.settings.verifyToken));
    expect((await site.find('Webhook', ['--url', `${url}/hook?of=ours`]))[0]).toMatchObject({
      mark: 'ok',
      text: `${url}/hook answers the verification.`,
    });
    expect((await site.find('App subscription', ['--url', `${url}/hook`]))[0]).toMatchObject({
      mark: 'wrong',
      text: `events go to ${site.webhook}, not to ${url}/hook.`,
      remedy: `npm run subscribe -- --url ${url}/hook`,
    });
  });

  it.each<[string, (address: string) => string]>([
    ['a blank', (address) => `${address} `],
    ['capital letters', (address) => address.replace('http:', 'HTTP:')],
    ['a short number', (address) => address.replace('127.0.0.1', '127.1')],
  ])('is the one that is subscribed, also when it is spelt with %s', async (_what, spell) => {
    const site = await rightSetUp();
    const spelt = spell(site.webhook);
    expect((await site.find('App subscription', ['--url', spelt]))[0]).toMatchObject({ mark: 'ok' });
    site.sim.platform.webhooks.subscription.callbackUrl = spelt;
    expect((await site.find('App subscription', ['--url', site.webhook]))[0]).toMatchObject({ mark: 'ok' });
  });

  it('is shown without user, password and query', async () => {
    const site = await rightSetUp();
    site.sim.platform.webhooks.subscription.callbackUrl = 'https://me:pass-word@bot.example/webhook?key=the-key';
    for (const args of [[], ['--url', 'https://you:pass-word@bot.example/?key=the-key']]) {
      const { output } = await site.doctor(args);
      expect(output).toContain('https://bot.example/webhook?… is told about');
      expect(output).not.toMatch(/pass-word|the-key/);
    }
  });

  it('never gets a secret shown that it repeats', async () => {
    const site = await rightSetUp();
    const { verifyToken } = site.sim.platform.settings;
    const { url } = await startHttpServer(
      (_req, res) => void res.writeHead(302, { Location: `/${verifyToken}` }).end(),
    );
    expect((await site.find('Webhook', ['--url', url]))[0]?.text).toContain(`to ${url}/[redacted], which`);
  });

  it.each([
    'http://bot.example/webhook',
    'bot.example/webhook',
    'ftp://bot.example/',
    'https://me:secret@bot.example/',
  ])('like %s is told no secret', async (address) => {
    const site = await rightSetUp();
    const asked = ['--url', address];
    expect((await site.find('Webhook', asked))[0]).toMatchObject({
      mark: 'wrong',
      text: expect.stringContaining('nothing was sent there') as string,
    });
    for (const name of ['Wrong token', 'Signed events', 'Forged events'])
      expect((await site.find(name, asked))[0]?.text).toBe('not checked, because the address is none: see Webhook.');
  });

  it('is asked by whoever does not know the token, too, and without a signature', async () => {
    const site = await rightSetUp();
    const open = (status: number) =>
      startHttpServer((req, res) => void res.writeHead(status).end(queryOf(req.url).get('hub.challenge')));
    const [trusting, odd] = [(await open(200)).url, (await open(418)).url];
    expect((await site.find('Wrong token', ['--url', trusting]))[0]).toMatchObject({
      mark: 'wrong',
      remedy: expect.stringContaining('not this bot') as string,
    });
    expect((await site.find('Forged events', ['--url', trusting]))[0]).toMatchObject({
      mark: 'wrong',
      remedy: expect.stringContaining('Set APP_SECRET') as string,
    });
    expect((await site.find('Forged events', ['--url', odd]))[0]).toMatchObject({
      mark: 'unknown',
      text: expect.stringContaining('HTTP 418, not 401') as string,
    });
    const teapot = (await startHttpServer((_req, res) => void res.writeHead(418).end())).url;
    expect((await site.find('Wrong token', ['--url', teapot]))[0]).toMatchObject({
      mark: 'unknown',
      text: expect.stringContaining('HTTP 418, not 403') as string,
    });
    const dead = await site.find('Forged events', ['--url', 'http://127.0.0.1:9/']);
    expect(dead[0]?.text).toBe('not checked, because the address does not answer: see Webhook.');
  });

  it('is asked with a signature, too: the bot that runs may know another secret', async () => {
    const site = await rightSetUp();
    expect((await site.find('Signed events'))[0]).toMatchObject({ mark: 'ok' });
    const { verifyToken } = site.sim.platform.settings;
    const older = (await startHttpServer(asTheBot(verifyToken))).url; // refuses every POST
    expect((await site.find('Signed events', ['--url', older]))[0]).toMatchObject({
      mark: 'wrong',
      text: expect.stringContaining('the bot that runs knows another one') as string,
      remedy: expect.stringContaining('systemctl reload') as string,
    });
    const { url } = await startHttpServer((req, res) => {
      if (req.method === 'POST') res.writeHead(418).end();
      else asTheBot(verifyToken)(req, res);
    });
    expect((await site.find('Signed events', ['--url', url]))[0]).toMatchObject({
      mark: 'unknown',
      text: expect.stringContaining('HTTP 418, not 200') as string,
    });
    site.writeEnvFile({ APP_SECRET: undefined, NODE_ENV: undefined });
    expect((await site.find('Signed events', ['--url', older]))[0]).toMatchObject({
      mark: 'unknown',
      text: 'not checked, because APP_SECRET is not set.',
    });
  });

  it('may break off only what it should refuse', async () => {
    const site = await rightSetUp();
    const token = site.sim.platform.settings.verifyToken;
    const { url } = await startHttpServer((req, res) => {
      if (queryOf(req.url).get('hub.verify_token') === token) asTheBot(token)(req, res);
      else res.destroy();
    });
    for (const name of ['Wrong token', 'Signed events', 'Forged events'])
      expect((await site.find(name, ['--url', url]))[0]).toMatchObject({
        mark: 'unknown',
        text: expect.stringContaining('closed at once') as string,
      });
  });
});

describe('TLS', () => {
  const authority = testAuthority();
  const { root: trusted, between } = authority;
  const good = authority.forHost('localhost', 'localhost');
  const withChain = ({ cert, key }: Certificate): Certificate => ({ cert: cert + between, key });

  async function find(certificate: Certificate, options: { trusted?: string } = { trusted }) {
    const site = await rightSetUp();
    const token = site.sim.platform.settings.verifyToken;
    const port = await listen(https.createServer(certificate, asTheBot(token)));
    return (await site.find('Webhook', ['--url', `https://localhost:${port}/webhook`], options))[0];
  }

  it('that the platform takes is said to be so', async () => {
    expect(await find(withChain(good))).toMatchObject({
      mark: 'ok',
      text: expect.stringMatching(/answers the verification, over TLS/) as string,
    });
  });

  it('is not trusted for an authority of the tests by anybody else', async () => {
    expect(await find({ cert: good.cert + between + trusted, key: good.key }, {})).toMatchObject({
      mark: 'wrong',
      text: expect.stringContaining('from an authority that nobody trusts (SELF_SIGNED_CERT_IN_CHAIN)') as string,
      remedy: "Get one from an authority such as Let's Encrypt.",
    });
  });

  it.each<[string, Certificate, RegExp, RegExp]>([
    [
      'has expired',
      withChain(authority.forHost('old', 'localhost', -1)),
      /has expired \(CERT_HAS_EXPIRED\)/,
      /certbot renew/,
    ],
    [
      'is for another host',
      withChain(authority.forHost('other', 'bot.example')),
      /for another host name/,
      /host name in the address/,
    ],
    ['lacks its chain', good, /without the one that it was signed with/, /fullchain\.pem, not cert\.pem/],
    [
      'is self-signed',
      authority.selfSigned('self', 'localhost'),
      /self-signed, which Meta does not accept/,
      /Let's Encrypt/,
    ],
  ])('with a certificate that %s is wrong, in words', async (_what, certificate, text, remedy) => {
    const found = await find(certificate);
    expect(found?.mark).toBe('wrong');
    expect(found?.text).toMatch(text);
    expect(found?.remedy).toMatch(remedy);
  });

  it('is missed where there is none', async () => {
    const site = await rightSetUp();
    const { url } = await startHttpServer((_req, res) => void res.end('plain'));
    const [found] = await site.find('Webhook', ['--url', url.replace('http:', 'https:')]);
    expect(found?.text).toMatch(/does not speak TLS \(EPROTO\)/);
  });
});

describe('the way there', () => {
  it.each([
    ['ECONNREFUSED', 'http://127.0.0.1:9/', /nothing listens there/, /Start the web server/],
    [
      'ENOTFOUND',
      'https://no-such-host.invalid/',
      /its name is not known \(DNS\)|no name server answers/,
      /DNS|name servers/,
    ],
  ])('may end in %s', async (_code, address, text, remedy) => {
    const site = await rightSetUp();
    const [found] = await site.find('Webhook', ['--url', address]);
    expect(found?.text).toMatch(text);
    expect(found?.remedy).toMatch(remedy);
  });

  it('may end at a proxy', async () => {
    const site = await rightSetUp();
    const { url } = await startHttpServer(() => undefined);
    const proxy = net.createServer((socket) => void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
    const before = process.env['HTTPS_PROXY'];
    process.env['HTTPS_PROXY'] = `http://localhost:${await listen(proxy)}`;
    try {
      expect(url).toContain('127.0.0.1');
      const [found] = await site.find('Webhook', ['--url', 'https://bot.example/webhook']);
      expect(found?.text).toContain('the proxy refuses to connect (HTTP 407)');
    } finally {
      if (before === undefined) delete process.env['HTTPS_PROXY'];
      else process.env['HTTPS_PROXY'] = before;
    }
  });
});
