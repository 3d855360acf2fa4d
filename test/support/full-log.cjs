/* Loaded before the server (`node -r`): after the first two lines, the disk that the log is on is full. */
const fs = require('node:fs');
const { writeSync } = fs;
let left = 2;
fs.writeSync = (fd, ...rest) => {
  if (fs.fstatSync(fd).isFile() || (left -= 1) >= 0) return writeSync(fd, ...rest);
  throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
};
