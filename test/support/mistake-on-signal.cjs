/* Loaded before the server (`node -r`): a mistake in its code, when the test wants it. */
process.on('SIGUSR2', () => {
  throw new Error('a mistake that nobody catches');
});
