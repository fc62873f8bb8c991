import { randomBytes } from 'node:crypto';
import { TagGuard } from './client/guard.js';
import { clientKeys } from './client/keys.js';
import { BODY_MAX, decodePacket, encodePacket, PacketType } from './client/wire.js';
import { nowCounter, type OffloadKernel, PROBE_CLIENT } from './kernel.js';
import type { OffloadObject } from './offload.gen.js';
import type { Job, Outcome } from './perform.js';

const ETHERNET = 14;
const IPV4 = 20;
const UDP = 8;
const HEADERS = ETHERNET + IPV4 + UDP;
const XDP_TX = 3;
/** What a result may be longer than its data: nonce and tag of what is sealed, or a digest of nothing. */
const ROOM = 32;

/** Asks the program for operations, as a client would that its budgets do not bind: for the controller alone. */
export class BpfProbe {
  readonly #run: (frame: Uint8Array) => { returnValue: number; data: Uint8Array };
  readonly #request: TagGuard;
  readonly #reply: TagGuard;
  readonly #port: () => number;
  #counter = nowCounter();

  /** With keys that nobody else has. */
  constructor(kernel: OffloadKernel, program: OffloadObject['programs']['offload'], port: () => number) {
    const secret = randomBytes(32);
    const keys = clientKeys(secret);
    secret.fill(0);
    kernel.writeProbeClient(keys);
    this.#request = new TagGuard(keys.request);
    this.#reply = new TagGuard(keys.reply);
    for (const key of [keys.request, keys.reply]) key.fill(0);
    this.#run = (data) => program.testRun({ data });
    this.#port = port;
  }

  /** undefined: no answer. */
  perform({ operation, key, data }: Job): Outcome | undefined {
    const head = { type: PacketType.request, operation, detail: 0, client: PROBE_CLIENT, key };
    const place = { segment: 0, segments: 1, counter: this.#counter++ };
    const room = Math.min(BODY_MAX, data.length + ROOM);
    const payload = encodePacket({ ...head, ...place, data }, room, this.#request);
    const answer = this.#run(frameOf(payload, this.#port()));
    if (answer.returnValue !== XDP_TX) return undefined;
    const packet = decodePacket(answer.data.subarray(HEADERS), this.#reply);
    if (!packet || packet.counter !== place.counter) return undefined;
    return { error: packet.type === PacketType.error ? packet.detail : 0, result: packet.data };
  }

  close(): void {
    this.#request.wipe();
    this.#reply.wipe();
  }
}

/** Ethernet, IPv4 and UDP between nobody and nobody, with what the program looks at. */
function frameOf(payload: Uint8Array, port: number): Uint8Array {
  const frame = new Uint8Array(HEADERS + payload.length);
  const view = new DataView(frame.buffer);
  view.setUint16(12, 0x0800);
  view.setUint16(ETHERNET, 0x4500);
  view.setUint16(ETHERNET + 2, IPV4 + UDP + payload.length);
  view.setUint16(ETHERNET + 8, (64 << 8) | 17);
  view.setUint16(ETHERNET + IPV4 + 2, port);
  view.setUint16(ETHERNET + IPV4 + 4, UDP + payload.length);
  frame.set(payload, HEADERS);
  return frame;
}
