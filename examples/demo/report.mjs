import { allKept, promise } from './promises.mjs';
import { number, percent, say, table } from './screen.mjs';

/* The end of the demo: what was measured, and whether it is what was promised. */

const FLOOD_MIN = 500_000;
const SHARE_MIN = 0.99;
const PAGES_MIN = 40;

const MEANINGS = {
  DROP_NOT_ADMITTED: 'dropped: the sender has not solved a puzzle',
  ANSWER_CHALLENGE: 'answered with a puzzle, no longer than the question',
  DROP_TAG: 'dropped: answer to a puzzle that another address was given',
  DROP_REPLY_LIMITED: 'dropped: this sender asks too often',
  PASS_ADMITTED: 'let through: the client that has solved a puzzle',
};

export function reportPhases(phases) {
  const rows = phases.map(({ name, seconds, flood, inStack, inProcess, pages }) => [
    name,
    number(flood / seconds),
    `${pages.answered} of ${pages.sent}`,
    percent(pages.share),
    pages.medianMs === undefined ? '-' : `${pages.medianMs.toFixed(1)} ms`,
    number(inStack),
    number(inProcess),
  ]);
  say();
  table([['', 'flood/s', 'pages', 'answered', 'median', 'into network stack', 'into process'], ...rows]);
  say('"into": packets of the flood that the server\'s network stack, and its web server, had to deal with.');
}

export function reportReasons({ reasons }) {
  say('\nWhat the gate did in the last phase, by its own count:');
  for (const [name, packets] of Object.entries(reasons).sort(([, a], [, b]) => b - a)) {
    if (packets > 0 && MEANINGS[name]) say(`${number(packets).padStart(11)}  ${MEANINGS[name]} (${name})`);
  }
}

/**
 * Prints each promise and whether it was kept. Returns whether all were. The flood's rate is judged where the gate
 * stands: before, the attacker shares the processors with the network stack that his flood keeps busy.
 */
export function reportPromises({ unsolved, solved }) {
  const gated = [unsolved, solved];
  const rates = gated.map(({ flood, seconds }) => flood / seconds);
  const arrived = gated.map(({ received, seconds }) => received / seconds);
  const slowest = Math.min(...rates, ...arrived);
  const leaked = gated.reduce((sum, { inStack, inProcess }) => sum + inStack + inProcess, 0);
  const promises = [
    [
      slowest >= FLOOD_MIN,
      `at least ${number(FLOOD_MIN)} packets/s of flood against the gate: ${number(slowest)} at the slowest`,
    ],
    [
      unsolved.pages.answered === 0 && unsolved.pages.sent >= PAGES_MIN,
      `no page before the puzzle is solved: ${unsolved.pages.answered} of ${unsolved.pages.sent}`,
    ],
    [
      solved.pages.share >= SHARE_MIN && solved.pages.sent >= PAGES_MIN,
      `at least ${percent(SHARE_MIN)} of the pages afterwards: ${percent(solved.pages.share)}`,
    ],
    [leaked === 0, `no packet of the flood gets past the gate: ${number(leaked)}`],
  ];
  say();
  for (const [kept, text] of promises) promise(kept, text);
  return allKept();
}
