import { setTimeout as sleep } from 'node:timers/promises';
import { live, number } from './screen.mjs';

/* A part of the demo: the client browses for a time, and everything is counted before and after. */

const LIVE_INTERVAL_MS = 500;

/**
 * @returns what happened during the phase: seconds, flood packets sent, received by the server's interface, seen by
 * its network stack and by its process, pages asked for and answered, their median time, packets by reason.
 */
export async function runPhase(machines, { name, seconds }) {
  const before = await snapshot(machines);
  const watch = watchPages(machines, before);
  const { sent, answered, medianMs } = await machines.client.ask('browse', seconds);
  await watch.stop();
  const after = await snapshot(machines);
  const { flood, received, inStack, inProcess, milliseconds } = difference(before, after);
  const reasons = difference(before.reasons, after.reasons);
  const pages = { sent, answered, medianMs, share: answered / sent };
  return { name, seconds: milliseconds / 1000, flood, received, inStack, inProcess, pages, reasons };
}

async function snapshot({ server, flooder }) {
  const [counts, { sent }] = await Promise.all([server.ask('counts'), flooder.ask('counts')]);
  return { ...counts, flood: sent, milliseconds: performance.now() };
}

function difference(before, after) {
  return Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]),
  );
}

/** Shows the counters until it is stopped. */
function watchPages(machines, start) {
  const stopping = new AbortController();
  const watching = (async () => {
    let last = start;
    while (!stopping.signal.aborted) {
      await sleep(LIVE_INTERVAL_MS, undefined, { signal: stopping.signal }).catch(() => {});
      const now = await snapshot(machines);
      show(start, last, now, await machines.client.ask('counts'));
      last = now;
    }
  })();
  watching.catch(() => {}); // stop() tells, unless what ended the watch has ended the phase as well
  return {
    stop: async () => {
      stopping.abort();
      await watching;
    },
  };
}

function show(start, last, now, { sent, answered }) {
  const { flood, inStack, milliseconds } = difference(last, now);
  const perSecond = (packets) => `${number((packets * 1000) / milliseconds)}/s`;
  const time = ((now.milliseconds - start.milliseconds) / 1000).toFixed(1);
  live(
    `${time} s   flood ${perSecond(flood)}   of it into the server ${perSecond(inStack)}   pages ${answered} of ${sent}`,
  );
}
