import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { ChallengeMessage } from '../client/message.js';
import type { Signer } from '../client/signer.js';
import type { Flow } from '../client/statement.js';
import { Cookies, type SentPacket } from './cookies.js';
import { Upgrade, type UpgradeOptions } from './upgrade.js';

export interface DestinationOptions {
  signer: Signer;
  address: string;
  type: 'udp4' | 'udp6';
  cookieLifetime: number;
  localAddress: string | undefined;
  /** How to come by sessions; undefined when none are wanted. */
  upgrade: UpgradeOptions | undefined;
}

/** What there is to know for packets to one address: cookie, session, the own address on the way to it. */
export class Destination {
  readonly address: string;
  readonly #options: DestinationOptions;
  readonly #cookies: Cookies;
  readonly #upgrade: Upgrade | undefined;
  #source: Promise<string> | undefined;

  constructor(options: DestinationOptions) {
    this.address = options.address;
    this.#options = options;
    this.#cookies = new Cookies(options.cookieLifetime);
    this.#upgrade = options.upgrade && new Upgrade(options.upgrade);
  }

  /** The packet for a payload: by the session, else signed. */
  async packet(sent: SentPacket, sourcePort: number): Promise<Uint8Array> {
    const session = this.#upgrade?.next();
    if (session) return session.seal(sent.payload);
    const { signer } = this.#options;
    const flow = signer.bindAddress ? await this.#flow(sent.port, sourcePort) : undefined;
    const cookie = this.#cookies.current;
    this.#cookies.remember(signer.counter, sent);
    return cookie ? signer.signWithCookie(sent.payload, cookie, flow) : signer.sign(sent.payload, flow);
  }

  /** The packet to send again, because the gate asked for the cookie that it gave. */
  refused(challenge: ChallengeMessage, port: number): SentPacket | undefined {
    const packet = this.#cookies.take(challenge, port);
    return packet && { ...packet, isAgain: true };
  }

  close(): void {
    this.#upgrade?.close();
  }

  async #flow(destinationPort: number, sourcePort: number): Promise<Flow> {
    const { localAddress, type, address } = this.#options;
    this.#source ??= localAddress ? Promise.resolve(localAddress) : sourceFor(type, address);
    return { source: await this.#source, sourcePort, destination: address, destinationPort };
  }
}

/** The address from which the system sends to another one; nothing is sent. */
async function sourceFor(type: 'udp4' | 'udp6', address: string): Promise<string> {
  const socket = createSocket(type);
  try {
    socket.connect(9, address);
    await once(socket, 'connect');
    return socket.address().address;
  } finally {
    socket.close();
  }
}
