import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import nock from 'nock';
import { secrets } from '../support/bot';
import { runBuilt } from '../support/built-server';
import { freePort } from '../support/free-port';
import { temporaryFolder } from '../support/temporary-folder';
import { execForm, parseDockerfile } from './dockerfile';
import { shippedFile } from './shipped-file';

jest.setTimeout(120_000);

const project = path.join(__dirname, '..', '..');
const who = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;

beforeAll(() => {
  nock.restore(); // everything here is real
});

/** What the builder sees of the project: what Dockerfile.dockerignore lets through, as far as git knows it. */
function buildContext(): string {
  const context = temporaryFolder();
  const [first, ...allowed] = shippedFile('Dockerfile.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(first).toBe('*');
  for (const line of allowed) {
    expect(line).toMatch(/^!/);
    cpSync(path.join(project, line.slice(1)), path.join(context, line.slice(1)), { recursive: true });
  }
  return context;
}

/** An image, as far as it can be had without Docker: a folder in the place of its root. */
interface Image {
  readonly root: string;
  workdir: string;
  readonly env: Record<string, string>;
  readonly facts: Record<string, string>;
}

/** Carries the instructions out, one after the other; throws at one that it does not know. */
function build(context: string): Image {
  const stages = new Map<string, Image>();
  let image: Image | undefined;
  for (const { kind, options, text } of parseDockerfile(shippedFile('Dockerfile'))) {
    if (kind === 'FROM') {
      const [, base, name] = /^(node:\d+-\S+-slim)(?: AS (\w+))?$/.exec(text) ?? [];
      image = { root: temporaryFolder(), workdir: '/', env: {}, facts: { base: String(base) } };
      stages.set(name ?? 'last', image);
      continue;
    }
    if (!image) throw new Error(`${kind} before FROM`);
    const { root, facts, env } = image;
    const inImage = (name: string) => path.join(root, path.resolve(String(image?.workdir), name));
    switch (kind) {
      case 'WORKDIR':
        image.workdir = text;
        mkdirSync(inImage('.'), { recursive: true });
        break;
      case 'COPY': {
        const names = text.split(' ');
        const target = names.pop() ?? '';
        const source = options['from'] === undefined ? context : stages.get(options['from'])?.root;
        if (source === undefined) throw new Error(`there is no stage ${String(options['from'])}`);
        for (const name of names) {
          const to = target.endsWith('/') ? path.join(target, path.basename(name)) : target;
          cpSync(path.join(source, name), inImage(to), { recursive: true });
        }
        break;
      }
      case 'RUN': {
        const command = text.replaceAll(' /data', ` ${root}/data`).replaceAll('node:node', who);
        // What npm needs is what this project was installed from a moment ago: no network.
        const npm = { npm_config_offline: 'true', npm_config_audit: 'false', npm_config_update_notifier: 'false' };
        const options = { cwd: inImage('.'), env: { ...process.env, ...npm, NODE_ENV: undefined } };
        execFileSync('sh', ['-c', command], { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
        break;
      }
      case 'ENV':
        for (const [, name = '', value = ''] of text.matchAll(/(\w+)=(\S+)/g)) env[name] = value;
        break;
      case 'VOLUME':
      case 'EXPOSE':
      case 'USER':
      case 'STOPSIGNAL':
      case 'CMD':
        facts[kind] = text;
        break;
      case 'HEALTHCHECK':
        facts[kind] = text.replace(/^CMD /, '');
        break;
      default:
        throw new Error(`this test does not know the instruction ${kind} ${text}`);
    }
  }
  if (!image) throw new Error('there is no FROM');
  return image;
}

describe('the Dockerfile', () => {
  it('makes an image whose bot starts, is healthy, and stops', async () => {
    const { root, workdir, env, facts } = build(buildContext());
    expect(facts).toMatchObject({ VOLUME: env['DATA_DIR'], EXPOSE: env['PORT'], USER: 'node' });
    expect(env['NODE_ENV']).toBe('production');
    expect(statSync(path.join(root, 'data')).mode & 0o777).toBe(0o700);
    const app = path.join(root, workdir);
    expect(readdirSync(app).sort()).toEqual(['LICENSE', 'dist', 'node_modules', 'package.json']);
    for (const tool of ['typescript', 'jest']) expect(existsSync(path.join(app, 'node_modules', tool))).toBe(false);

    const PORT = String(await freePort());
    const own = Object.entries({ ...secrets, OPERATIONS_PORT: '0' }).map(([name, value]) => `${name}=${value}\n`);
    const example = readFileSync(path.join(project, '.env.example'), 'utf8');
    writeFileSync(
      path.join(app, '.env'),
      example.replace(/^(PAGE_A|VERIFY_|APP_S|OPERATIONS_P).*\n/gm, '') + own.join(''),
    );
    const settings = { ...env, PORT, DATA_DIR: path.join(root, 'data') };
    const bot = runBuilt(settings, app, execForm(String(facts['CMD'])));
    const isHealthy = () => {
      const [program, ...args] = execForm(String(facts['HEALTHCHECK']));
      return spawnSync(program, args, { cwd: app, env: { PATH: process.env['PATH'], PORT } }).status === 0;
    };
    expect(await bot.line('webhook is listening')).toMatchObject({ port: Number(PORT), data: settings.DATA_DIR });
    expect(isHealthy()).toBe(true);
    bot.kill(facts['STOPSIGNAL'] as NodeJS.Signals);
    expect(await bot.ended).toEqual({ code: 0, signal: null });
    expect(isHealthy()).toBe(false);
  });
});
