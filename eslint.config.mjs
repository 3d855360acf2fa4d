import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** The rooms of src/ and what each must never import (see "How it works" in the README). */
const rooms = {
  webhook: ['messenger', 'handlers', 'queue'],
  handlers: ['express', 'body-parser', 'axios', 'queue'],
  messenger: ['express', 'body-parser', 'webhook', 'handlers', 'queue'],
  queue: ['express', 'body-parser', 'axios', 'handlers', 'messenger', 'webhook', 'simulator'],
  simulator: ['axios', 'webhook', 'handlers', 'messenger', 'queue', 'cli', 'config', 'logger'],
  cli: ['simulator'],
};

const walls = Object.entries(rooms).map(([room, forbidden]) => ({
  files: [`src/${room}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: forbidden.map((name) => ({
          regex: `^(${name}|(\\.\\./)+${name}(/.*)?)$`,
          message: `src/${room}/ must not know ${name}.`,
        })),
      },
    ],
  },
}));

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
