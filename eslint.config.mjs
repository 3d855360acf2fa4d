import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** The rooms of src/ and what each must never import (see docs/change.md). Their unit tests keep to it, too. */
const rooms = {
  webhook: ['messenger', 'handlers', 'queue', 'operations', 'simulator', 'cli'],
  handlers: ['express', 'body-parser', 'axios', 'queue', 'operations', 'simulator', 'cli'],
  messenger: ['express', 'body-parser', 'webhook', 'handlers', 'queue', 'operations', 'simulator', 'cli'],
  queue: ['express', 'body-parser', 'axios', 'handlers', 'messenger', 'webhook', 'operations', 'simulator', 'cli'],
  process: [
    'express',
    'body-parser',
    'axios',
    'webhook',
    'handlers',
    'messenger',
    'queue',
    'operations',
    'simulator',
    'cli',
  ],
  operations: ['body-parser', 'axios', 'webhook', 'handlers', 'messenger', 'simulator', 'cli'],
  simulator: ['axios', 'webhook', 'handlers', 'messenger', 'queue', 'process', 'cli', 'config', 'operations'],
  cli: ['express', 'body-parser', 'axios', 'simulator', 'webhook', 'handlers', 'operations'],
};

/** What runs the built server as a process of its own must not look inside it; the bench fills data folders by itself. */
const inside = ['operations', 'webhook', 'handlers', 'messenger', 'process', 'cli', 'config'];
const outside = ['test/browser', 'test/chaos', 'test/crowd', 'test/e2e', 'test/mutation', 'test/proxy'];

/** The walls of some folders: no import of a package or room with one of these names. */
function wall(place, files, forbidden) {
  return {
    files,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: forbidden.map((name) => ({
            regex: `^(${name}|(\\.\\./|\\./)+(src/)?${name}(/.*)?)$`,
            message: `${place} must not know ${name}.`,
          })),
        },
      ],
    },
  };
}

const walls = [
  ...Object.entries(rooms).map(([room, forbidden]) =>
    wall(`src/${room}/`, [`src/${room}/**/*.ts`, `test/unit/${room}/**/*.ts`], forbidden),
  ),
  // The engines know nothing of each other.
  wall('src/queue/lmdb/', ['src/queue/lmdb/**/*.ts'], [...rooms.queue, 'postgres', 'pg']),
  wall('src/queue/postgres/', ['src/queue/postgres/**/*.ts'], [...rooms.queue, 'lmdb']),
  ...outside.map((place) => wall(`${place}/`, [`${place}/**/*.ts`], [...inside, 'queue'])),
  wall('bench/', ['bench/**/*.ts'], inside),
  wall('handle-event.ts', ['src/handle-event.ts'], ['express', 'body-parser', 'axios', 'simulator', 'cli']),
  wall('accept-events.ts', ['src/accept-events.ts'], ['express', 'body-parser', 'axios', 'simulator', 'cli']),
  wall('watch.ts', ['src/watch.ts'], ['express', 'body-parser', 'axios', 'simulator', 'cli']),
  wall('index.ts', ['src/index.ts'], ['simulator', 'cli']),
  wall('test/contract/', ['test/contract/**/*.ts'], ['webhook', 'handlers', 'messenger', 'simulator', 'cli']),
];

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'reports/', '.stryker-tmp/', '**/node_modules/', '**/*.cjs'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'no-console': 'error',
    },
  },
  ...walls,
  {
    files: ['src/config.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: ['./*', '../*'] }] },
  },
);
