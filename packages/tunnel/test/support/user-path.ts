import type { Endpoint, PeerPath, Session, Suite } from '../../src/contract.js';
import { type Aead, aesGcm, chachaPoly } from '../../src/noise/aead.js';
import { concat } from '../../src/noise/bytes.js';
import { type Clock, REJECT_AFTER_MS } from '../../src/peer/timing.js';

/* The data path of one peer in user space, so that handshakes and timers can be seen at work on real packets. */

interface Framing {
  readonly aead: Aead;
  readonly littleEndian: boolean;
  readonly start: Uint8Array;
  readonly bindsHeader: boolean;
}

const FRAMINGS: Record<Suite, Framing> = {
  wireguard: {
    aead: chachaPoly,
    littleEndian: true,
    start: Uint8Array.of(4, 0, 0, 0),
    bindsHeader: false,
  },
  'aes-256-gcm': {
    aead: aesGcm,
    littleEndian: false,
    start: Uint8Array.of(0xde, 0xad, 0xbe, 0xef, 1, 4, 0, 0),
    bindsHeader: true,
  },
};

interface KeyPair extends Session {
  readonly createdMs: number;
  sent: bigint;
  readonly seen: Set<bigint>;
}

export interface UserPathOptions {
  readonly suite: Suite;
  readonly clock: Clock;
  readonly endpoint?: Endpoint;
  send(packet: Uint8Array, to: Endpoint): void;
}

export class UserPath implements PeerPath {
  previous: KeyPair | undefined;
  current: KeyPair | undefined;
  next: KeyPair | undefined;
  /** What came in, decrypted; keepalives are empty. */
  readonly received: Uint8Array[] = [];
  readonly #framing: Framing;
  readonly #options: UserPathOptions;
  readonly #times = { sent: 0, received: 0, dataSent: 0, dataReceived: 0, wanted: 0 };
  #lastCounter = 0n;
  #endpoint: Endpoint | undefined;

  constructor(options: UserPathOptions) {
    this.#options = options;
    this.#framing = FRAMINGS[options.suite];
    this.#endpoint = options.endpoint;
  }

  install(session: Session): void {
    const pair = { ...session, createdMs: this.#now(), sent: 0n, seen: new Set<bigint>() };
    if (session.initiator) {
      this.previous = this.next ?? this.current;
      this.current = pair;
      this.next = undefined;
    } else {
      this.previous = undefined;
      this.next = pair;
    }
  }

  clear(): void {
    this.previous = undefined;
    this.current = undefined;
    this.next = undefined;
  }

  setEndpoint(endpoint: Endpoint): void {
    this.#endpoint = endpoint;
  }

  endpoint(): Endpoint | undefined {
    return this.#endpoint;
  }

  activity() {
    const ns = (ms: number) => BigInt(Math.round(ms * 1e6));
    return {
      lastSentNs: ns(this.#times.sent),
      lastReceivedNs: ns(this.#times.received),
      lastDataSentNs: ns(this.#times.dataSent),
      lastDataReceivedNs: ns(this.#times.dataReceived),
      lastWantedNs: ns(this.#times.wanted),
      lastCounter: this.#lastCounter,
      currentIndex: this.current?.localIndex,
    };
  }

  keepalive(): void {
    this.sendPacket(new Uint8Array(0));
  }

  /** Whether it went out. */
  sendPacket(plaintext: Uint8Array): boolean {
    const pair = this.current;
    if (!pair || !this.#endpoint || this.#now() - pair.createdMs >= REJECT_AFTER_MS) {
      this.#times.wanted = this.#now();
      return false;
    }
    this.#options.send(this.#seal(pair, plaintext), this.#endpoint);
    this.#times.sent = this.#now();
    this.#lastCounter = pair.sent - 1n;
    if (plaintext.length > 0) this.#times.dataSent = this.#now();
    return true;
  }

  /** Whether it was a packet for us that had not come before. */
  receive(packet: Uint8Array, source: Endpoint): boolean {
    const headerBytes = this.#framing.start.length + 12;
    if (packet.length < headerBytes + 16) return false;
    const view = new DataView(packet.buffer, packet.byteOffset + this.#framing.start.length);
    const index = view.getUint32(0, this.#framing.littleEndian);
    const counter = view.getBigUint64(4, this.#framing.littleEndian);
    const pair = [this.previous, this.current, this.next].find((each) => each?.localIndex === index);
    if (!pair || pair.seen.has(counter)) return false;
    const header = this.#framing.bindsHeader ? packet.subarray(0, headerBytes) : new Uint8Array(0);
    const plaintext = this.#framing.aead.open(pair.receiveKey, counter, header, packet.subarray(headerBytes));
    if (!plaintext) return false;
    pair.seen.add(counter);
    this.#accept(pair, plaintext, source);
    return true;
  }

  #accept(pair: KeyPair, plaintext: Uint8Array, source: Endpoint): void {
    if (pair === this.next) {
      this.previous = this.current;
      this.current = pair;
      this.next = undefined;
    }
    this.#endpoint = source;
    this.#times.received = this.#now();
    if (plaintext.length > 0) this.#times.dataReceived = this.#now();
    this.received.push(plaintext);
  }

  #seal(pair: KeyPair, plaintext: Uint8Array): Uint8Array {
    const { start, littleEndian, bindsHeader, aead } = this.#framing;
    const header = new Uint8Array(start.length + 12);
    header.set(start);
    const view = new DataView(header.buffer);
    view.setUint32(start.length, pair.remoteIndex, littleEndian);
    view.setBigUint64(start.length + 4, pair.sent, littleEndian);
    const padded = new Uint8Array(Math.ceil(plaintext.length / 16) * 16);
    padded.set(plaintext);
    const sealed = aead.seal(pair.sendKey, pair.sent++, bindsHeader ? header : new Uint8Array(0), padded);
    return concat(header, sealed);
  }

  #now(): number {
    return this.#options.clock.bootMs();
  }
}
