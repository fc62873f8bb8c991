import type { ChallengeMessage } from '../client/message.js';

/** Packets that are remembered in case that the gate asks for a cookie. */
const MOST_REMEMBERED = 256;

export interface SentPacket {
  payload: Uint8Array;
  port: number;
  /** Whether it was sent for the second time. */
  isAgain: boolean;
}

/** The cookie of one gate, and the packets that it may still refuse for want of one. */
export class Cookies {
  readonly #lifetime: number;
  readonly #sent = new Map<bigint, SentPacket>();
  #cookie: Uint8Array | undefined;
  #until = 0;

  /** lifetime in milliseconds. */
  constructor(lifetime: number) {
    this.#lifetime = lifetime;
  }

  /** The cookie to send along, if there is one. */
  get current(): Uint8Array | undefined {
    if (Date.now() >= this.#until) this.#cookie = undefined;
    return this.#cookie;
  }

  /** Copies the payload: its owner may have written over it when the gate asks. */
  remember(counter: bigint, packet: SentPacket): void {
    this.#sent.set(counter, { ...packet, payload: Uint8Array.from(packet.payload) });
    if (this.#sent.size <= MOST_REMEMBERED) return;
    const [oldest] = this.#sent.keys();
    this.#sent.delete(oldest!);
  }

  /**
   * Takes the cookie out of the answer to a packet. Only who knows the counter and the port of a packet that was sent
   * just now is heard.
   *
   * @returns the packet to send again; undefined when it was sent again before, or is not known.
   */
  take({ transaction, challenge }: ChallengeMessage, port: number): SentPacket | undefined {
    const counter = new DataView(transaction.buffer, transaction.byteOffset).getBigUint64(0);
    const packet = this.#sent.get(counter);
    if (packet?.port !== port) return undefined;
    this.#sent.delete(counter);
    this.#cookie = challenge;
    this.#until = Date.now() + this.#lifetime;
    return packet.isAgain ? undefined : packet;
  }
}
