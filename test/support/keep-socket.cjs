/*
 * Stands in for the system that keeps the port: listens on a free one, and starts the bot on it again and again. While a bot
 * runs, this process stands still, so that it takes no connection itself.
 *
 * Arguments: what to listen on (a port, or the path of a local socket), how many times to start, and the bot's program.
 */
const { spawnSync } = require('node:child_process');
const { createServer } = require('node:net');

const [where, times, entryPoint] = process.argv.slice(2);
const server = createServer().listen(/^\d+$/.test(where) ? { port: Number(where), host: '127.0.0.1' } : where, () => {
  const script = `printf '{"msg":"bot","pid":%d}\\n' $$; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$0" "$1"`;
  const stdio = ['ignore', 'inherit', 'inherit', server._handle.fd];
  let status = 0;
  for (let n = 0; n < Number(times); n += 1) {
    ({ status } = spawnSync('bash', ['-c', script, process.execPath, entryPoint], { stdio }));
  }
  process.exit(status ?? 1);
});
