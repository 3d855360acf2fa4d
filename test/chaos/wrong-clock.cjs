/* Loaded before the server: its wall clock is wrong by so much; time itself passes as usual. */
const offset = Number(process.env.CLOCK_OFFSET_MS);
const now = Date.now.bind(Date);
Date.now = () => now() + offset;
