import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { interfaceIndex, openObject, type XdpProgram } from '@cryptbpf/core';

/* The hostile machine: a process of its own, in its network. Its orders come as JSON, what it sent goes to stdout. */

export interface Orders {
  readonly interface: string;
  readonly host: string;
  readonly perSecond: number;
  readonly seconds: number;
  /** In hexadecimal; below: of 65536 draws. */
  readonly patterns: readonly { readonly frame: string; readonly below: number }[];
  readonly replay: { readonly port: number; readonly payload: string } | undefined;
}

interface FloodObject {
  maps: object;
  programs: { flood: XdpProgram };
  variables: { patterns: object[] };
}

const FRAME_BYTES = 106;
const TICK_MS = 5;
const BATCH_MAX = 8192;
const REPLAYS_PER_TICK = 2;

const orders = JSON.parse(process.argv[2]!) as Orders;

using flood = openObject<FloodObject>(new URL('../build/bpf/flood.bpf.o', import.meta.url)).load();
flood.programs.flood.attachXdp('lo', { mode: 'generic' }); // else it is attached anew for each batch
flood.variables.patterns = [...orders.patterns, ...Array(4).fill({ frame: '', below: 0 })]
  .slice(0, 4)
  .map(patternOf);

console.log(JSON.stringify({ ready: true }));
console.log(JSON.stringify(await send()));
process.exit(0);

function patternOf({ frame, below }: { frame: string; below: number }) {
  const bytes = new Uint8Array(FRAME_BYTES);
  bytes.set(Buffer.from(frame, 'hex'));
  return { length: frame.length / 2, below, frame: bytes, reserved: new Uint8Array(2) };
}

async function send(): Promise<{ flood: number; replayed: number }> {
  const ifindex = interfaceIndex(orders.interface);
  const socket = createSocket('udp4');
  const sent = { flood: 0, replayed: 0 };
  const start = performance.now();
  for (let now = start; now - start < orders.seconds * 1000; now = performance.now()) {
    const due = Math.round(((now - start) / 1000) * orders.perSecond) - sent.flood;
    if (due > 0) {
      const repeat = Math.min(due, BATCH_MAX);
      flood.programs.flood.sendFrames({ data: new Uint8Array(FRAME_BYTES), ifindex, repeat });
      sent.flood += repeat;
    }
    for (let i = 0; orders.replay && i < REPLAYS_PER_TICK; i++, sent.replayed++)
      socket.send(Buffer.from(orders.replay.payload, 'hex'), orders.replay.port, orders.host);
    await sleep(TICK_MS);
  }
  await new Promise<void>((resolve) => socket.close(resolve));
  return sent;
}
