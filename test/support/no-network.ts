import nock from 'nock';

/* Every test file runs with the network closed but for loopback; a call that nothing expects fails its test. */

const unexpected: string[] = [];

nock.emitter.on('no match', (request: { host?: string; method?: string; path?: string }) => {
  const host = request.host ?? '';
  if (!isLoopback(host)) unexpected.push(`${request.method ?? '?'} ${host}${request.path ?? ''}`);
});

beforeAll(() => {
  nock.disableNetConnect();
  nock.enableNetConnect(isLoopback);
});

afterEach(() => {
  const calls = unexpected.splice(0);
  const pending = nock.pendingMocks();
  nock.cleanAll();
  expect(calls).toEqual([]);
  expect(pending).toEqual([]);
});

afterAll(() => {
  nock.restore();
});

function isLoopback(host: string): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host);
}
