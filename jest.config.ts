/** @jest-config-loader ts-node */
import type { Config } from 'jest';
import { findPgBouncer, findPostgres } from './test/support/find-postgres';

/** Tests that need a program which this machine may lack; `npm test` says what it left out (test/left-out.ts). */
const withoutPostgres = findPostgres() === undefined ? ['\\.postgres\\.test\\.ts$'] : [];
const withoutPgBouncer = findPgBouncer() === undefined ? ['\\.pgbouncer\\.postgres\\.test\\.ts$'] : [];

/** Without PostgreSQL, some lines of other rooms lack the only tests that reach them: those that open a database. */
const covered = withoutPostgres.length > 0 ? 99 : 100;

const config: Config = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  transform: { '^.+\\.ts$': ['ts-jest', { diagnostics: false }] },
  globalSetup: '<rootDir>/test/support/postgres-setup.ts',
  globalTeardown: '<rootDir>/test/support/postgres-teardown.ts',
  setupFilesAfterEnv: ['<rootDir>/test/support/no-network.ts'],
  testPathIgnorePatterns: [
    ...['/node_modules/', '/test/browser/', '/test/operations/', '/test/postgres/', '/test/proxy/'],
    ...[...withoutPostgres, ...withoutPgBouncer],
  ],
  restoreMocks: true,
  // Otherwise one processor is left idle, which on two of them is half.
  maxWorkers: '100%',
  // Property tests run long where other programs need the processor, too.
  testTimeout: 30_000,
  // The page runs in a browser (test/browser); demo and simulator are started as programs there.
  collectCoverageFrom: [
    ...['src/**/*.ts', '!src/simulator/page/**', '!src/simulator/{demo,index}.ts'],
    ...withoutPostgres.map(() => '!src/queue/postgres/**'),
  ],
  coverageReporters: ['text', 'lcov'],
  coverageThreshold: {
    global: { branches: covered, functions: covered, lines: covered, statements: covered },
    './src/simulator/': { branches: 90, functions: 95, lines: 97, statements: 97 },
  },
};

export default config;
