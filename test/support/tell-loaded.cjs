/* Says at its end which of the packages the process has loaded that only some users need. */
process.on('exit', () => {
  const packages = Object.keys(require.cache).flatMap(
    (file) => /node_modules\/(pg|jsonc-parser)\//.exec(file)?.[1] ?? [],
  );
  process.stderr.write(`loaded: ${[...new Set(packages)].join(' ') || 'none of them'}\n`);
});
