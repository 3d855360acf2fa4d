/** @jest-config-loader ts-node */
import type { Config } from 'jest';

const config: Config = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  transform: { '^.+\\.ts$': ['ts-jest', { diagnostics: false }] },
  setupFilesAfterEnv: ['<rootDir>/test/support/no-network.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/test/browser/', '/test/operations/', '/test/proxy/'],
  restoreMocks: true,
  // Otherwise one processor is left idle, which on two of them is half.
  maxWorkers: '100%',
  // Property tests run long where other programs need the processor, too.
  testTimeout: 30_000,
  // The page runs in a browser (test/browser); demo and simulator are started as programs there.
  collectCoverageFrom: ['src/**/*.ts', '!src/simulator/page/**', '!src/simulator/{demo,index}.ts'],
  coverageReporters: ['text', 'lcov'],
  coverageThreshold: {
    global: { branches: 100, functions: 100, lines: 100, statements: 100 },
    './src/simulator/': { branches: 90, functions: 95, lines: 97, statements: 97 },
  },
};

export default config;
