import { interfaceIndex, openObject } from '@cryptbpf/core';
import { helloFrame, solutionFrame, synFrame, udpFrame } from './frames.mjs';
import { CABLES, PORT, testObject } from './network.mjs';
import { configureInterface, serve } from './role.mjs';

/* The attacker's machine. */

const TICK_MS = 3;
const MAX_BATCH = 8192;
/** What it catches up with after it had to wait for a processor. */
const MAX_BACKLOG_MS = 2000;
const DRAWS = 65_536;
const FRAME_BYTES = 106;
const ENDS = { from: CABLES.flooder.peer, to: CABLES.flooder.server };

let object;
let ifindex;
let sent = 0;

function start() {
  configureInterface('to-server', CABLES.flooder.peer);
  object = openObject(testObject('flood')).load();
  /* Attached, if only where nothing comes in: else the kernel attaches it anew, which is slow, for each batch. */
  object.programs.flood.attachXdp('lo', { mode: 'generic' });
  ifindex = interfaceIndex('to-server');
  mix({});
}

/** What the flood is made of. challenge: a puzzle to be answered wrongly, if there is one. */
function mix({ challenge }) {
  const udp = udpFrame({ ...ENDS, port: PORT, payload: Buffer.alloc(18) });
  const solution = solutionFrame(ENDS, Buffer.from(challenge ?? '00'.repeat(32), 'hex'));
  object.variables.patterns = [
    pattern(synFrame({ ...ENDS, port: PORT }), 0.6),
    pattern(udp, 0.9),
    pattern(helloFrame(ENDS), 0.95),
    pattern(solution, 1),
  ];
}

/** below: share of the flood that this pattern and those before it make up. */
function pattern(bytes, below) {
  const frame = new Uint8Array(FRAME_BYTES);
  frame.set(bytes);
  return { length: bytes.length, below: Math.round(below * DRAWS), frame, reserved: new Uint8Array(2) };
}

/** Sends packetsPerSecond from now on, on average. */
function flood(packetsPerSecond) {
  const data = new Uint8Array(FRAME_BYTES);
  const perMs = packetsPerSecond / 1000;
  let paidUntil = performance.now();
  setInterval(() => {
    const now = performance.now();
    paidUntil = Math.max(paidUntil, now - MAX_BACKLOG_MS);
    const due = Math.round(Math.min((now - paidUntil) * perMs, MAX_BATCH));
    if (due <= 0) return;
    object.programs.flood.sendFrames({ data, ifindex, repeat: due });
    paidUntil += due / perMs;
    sent += due;
  }, TICK_MS);
}

serve({ start, mix, flood, counts: () => ({ sent }) });
