/* Ends the process at once, as by `kill -9`, when it is about to say what KILL_AT names. */
const write = process.stdout.write;
process.stdout.write = function (text, ...rest) {
  if (String(text).includes(process.env.KILL_AT)) process.kill(process.pid, 'SIGKILL');
  return write.call(this, text, ...rest);
};
