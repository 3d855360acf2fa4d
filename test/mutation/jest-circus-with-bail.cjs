/*
 * For Stryker only. Its Jest runner has no bail: every mutant would run all tests that reach it. Here, once a test has failed
 * under a mutant, the rest of its file is skipped and further files are not even loaded.
 */
const { createEmptyTestResult } = require('@jest/test-result');
const circus = require('jest-circus/runner');
const run = circus.default ?? circus;
let killed;

module.exports = async (globalConfig, config, environment, runtime, testPath, ...rest) => {
  const mutant = process.env.__STRYKER_ACTIVE_MUTANT__;
  if (mutant === undefined) return run(globalConfig, config, environment, runtime, testPath, ...rest);
  if (killed === mutant) return skipped(testPath);
  const original = environment.handleTestEvent?.bind(environment);
  environment.handleTestEvent = async (event, state) => {
    if (event.name === 'test_start' && killed === mutant) event.test.mode = 'skip';
    if (event.name === 'test_done' && event.test.errors.length > 0) killed = mutant;
    await original?.(event, state);
  };
  return run(globalConfig, config, environment, runtime, testPath, ...rest);
};

/** The result of a file that was not loaded; without any test in it, Jest would call it an error. */
function skipped(testFilePath) {
  const title = 'skipped: the mutant is dead';
  const test = { ancestorTitles: [], title, fullName: title, status: 'pending', duration: 0 };
  const rest = { failureDetails: [], failureMessages: [], invocations: 0, location: null, numPassingAsserts: 0 };
  return {
    ...createEmptyTestResult(),
    testFilePath,
    numPendingTests: 1,
    skipped: true,
    testResults: [{ ...test, ...rest }],
  };
}
