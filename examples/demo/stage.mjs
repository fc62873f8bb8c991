import { Machine } from './machine.mjs';
import { printPromises } from './promises.mjs';
import { endLive, say } from './screen.mjs';

/* What every demo has around it: a time limit, and an end at which nothing is left over. */

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

let leaving = false;
let isJson = false;

/** At the end, what was promised and whether it was kept is printed as a line of JSON. */
export function endWithJson() {
  isJson = true;
}

/** Ends the machines, and with them their networks; then this process. */
async function leave(code) {
  if (leaving) return;
  leaving = true;
  await Machine.stopAll();
  endLive();
  if (isJson) printPromises(code === 0);
  process.exit(code);
}

/** Runs a demo, which resolves to whether all promises were kept, and ends the process: with 0 if they were, else 1. */
export async function perform(play, { deadlineMs }) {
  for (const [signal, code] of Object.entries(SIGNALS)) process.on(signal, () => leave(code));
  setTimeout(() => {
    say(`the demo is not through after ${deadlineMs / 1000} seconds: giving up`);
    leave(1);
  }, deadlineMs).unref();
  try {
    const kept = await play();
    await leave(kept ? 0 : 1);
  } catch (error) {
    if (!leaving) say(`the demo failed: ${error.message}`);
    await leave(1);
  }
}
