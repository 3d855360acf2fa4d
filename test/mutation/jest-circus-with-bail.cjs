/*
 * For Stryker only. Its Jest runner has no bail, and loads every test file that can reach a mutant, also those none of whose
 * tests do. Here a file is not even loaded under a mutant when no test of it is asked for, nor, like the rest of its own file,
 * once a test has failed.
 */
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { createEmptyTestResult } = require('@jest/test-result');
const circus = require('jest-circus/runner');
const run = circus.default ?? circus;

// What a mutant throws after its test has ended must not end the process: Stryker gives the whole run up for it.
process.on('uncaughtException', () => undefined);

/** The mutant that a test has failed under. */
let dead;
/** Test file → the full names of its tests, as found without a mutant; on disk, since several processes run mutants. */
let namesOf;

module.exports = async (globalConfig, config, environment, runtime, testPath, ...rest) => {
  const mutant = process.env.__STRYKER_ACTIVE_MUTANT__;
  const namesFile = path.join(config.rootDir, '.names-of-tests.json');
  if (mutant === undefined) {
    const result = await run(globalConfig, config, environment, runtime, testPath, ...rest);
    const known = existsSync(namesFile) ? JSON.parse(readFileSync(namesFile, 'utf8')) : {};
    known[testPath] = result.testResults.map(({ fullName }) => fullName);
    writeFileSync(namesFile, JSON.stringify(known));
    return result;
  }
  namesOf ??= existsSync(namesFile) ? JSON.parse(readFileSync(namesFile, 'utf8')) : {};
  const asked = globalConfig.testNamePattern && new RegExp(globalConfig.testNamePattern, 'i');
  const isAsked = !asked || !namesOf[testPath] || namesOf[testPath].some((name) => asked.test(name));
  if (dead === mutant || !isAsked) return skipped(testPath);
  const original = environment.handleTestEvent?.bind(environment);
  environment.handleTestEvent = async (event, state) => {
    if (event.name === 'test_start' && dead === mutant) event.test.mode = 'skip';
    if (event.name === 'test_done' && event.test.errors.length > 0) dead = mutant;
    await original?.(event, state);
  };
  return run(globalConfig, config, environment, runtime, testPath, ...rest);
};

/** The result of a file that was not loaded; without any test in it, Jest would call it an error. */
function skipped(testFilePath) {
  const title = 'skipped: the mutant is dead or out of reach';
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
