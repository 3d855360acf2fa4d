/* For Stryker only: quick and specific test files first, so that a mutant is killed early (see jest-circus-with-bail.cjs). */
const Sequencer = require('@jest/test-sequencer').default;

/** Quickest first; all others are quicker. */
const slow = ['/event-queue.test.', '/store.test.', '/faults.test.', '/unit/cli/', '/unit/simulator/', '/integration/'];
const rank = ({ path }) => slow.findIndex((part) => path.includes(part));

module.exports = class extends Sequencer {
  sort(tests) {
    return [...tests].sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
  }
};
