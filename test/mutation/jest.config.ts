/** @jest-config-loader ts-node */
import path from 'node:path';
import type { Config } from 'jest';

/*
 * For Stryker only: the project's way to run tests, without coverage, and only those tests that load src/ into this very
 * process. MUTATION_TESTS holds which, as folders or files without their ending.
 */

const names = (process.env['MUTATION_TESTS'] ?? 'test').split(',');

const config: Config = {
  rootDir: path.join(__dirname, '..', '..'),
  testEnvironment: 'node',
  // src, too, or only tests that import a mutated file directly are found
  roots: ['<rootDir>/test', '<rootDir>/src'],
  testMatch: names.flatMap((name) => [`<rootDir>/${name}.test.ts`, `<rootDir>/${name}/**/*.test.ts`]),
  transform: { '^.+\\.ts$': ['ts-jest', { diagnostics: false }] },
  globalSetup: '<rootDir>/test/support/postgres-setup.ts',
  globalTeardown: '<rootDir>/test/support/postgres-teardown.ts',
  setupFilesAfterEnv: ['<rootDir>/test/support/no-network.ts'],
  // What is random would kill a mutant one day and not the next.
  testPathIgnorePatterns: [
    '/node_modules/',
    '/test/(browser|e2e|unit/chaos|unit/mutation)/',
    'promises.test.ts',
    'hostile-input.test.ts',
  ],
  testSequencer: '<rootDir>/test/mutation/sequencer.cjs',
  // Stryker insists on jest-circus in the name.
  testRunner: '<rootDir>/test/mutation/jest-circus-with-bail.cjs',
  testTimeout: 60_000, // Stryker has a limit of its own
  restoreMocks: true,
};

export default config;
