import { isLoopback } from '../../../src/process/loopback';

it.each<[string, boolean]>([
  ['localhost', true],
  ['LocalHost', true],
  ['127.0.0.1', true],
  ['127.255.255.254', true],
  ['[::1]', true],
  ['::1', true],
  ['::2', false],
  ['localhost.example', false],
  ['127.0.0.1.example', false],
  ['127.0.0', false],
  ['1127.0.0.1', false],
  ['x127.0.0.1', false],
  ['10.0.0.1', false],
  ['[::2]', false],
])('%s is this machine itself: %p', (hostname, expected) => {
  expect(isLoopback(hostname)).toBe(expected);
});
