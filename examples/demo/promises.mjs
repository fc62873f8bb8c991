import { say } from './screen.mjs';

/* What a demo promises, and whether that was kept: its exit status, and its --json, say so. */

const promises = [];

export function promise(kept, text) {
  promises.push({ kept, text });
  say(`   ${kept ? 'ok    ' : 'FAILED'} ${text}`);
}

export const allKept = () => promises.every(({ kept }) => kept);

/** One line, for programs. */
export function printPromises(isKept) {
  console.log(JSON.stringify({ kept: isKept, promises }));
}
