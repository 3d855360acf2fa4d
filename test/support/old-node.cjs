/* Loaded before the program (`node -r`): makes it believe that it runs on a release that it does not run on. */
Object.defineProperty(process.versions, 'node', { value: '22.1.0' });
