import { SipHash128, TAG_LENGTH } from '@cryptbpf/core/gate-client';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';

/** Behind this many bytes, which are in clear, comes the body. */
const HEAD_BYTES = 32;
const NONCE_BYTES = 12;

/** How packets of one direction are protected. Tags come behind `end` bytes. */
export interface PacketGuard {
  close(packet: Uint8Array, end: number): void;
  /** Whether it is as it was closed; then the body is in clear. */
  open(packet: Uint8Array, end: number): boolean;
  wipe(): void;
}

/** A tag of SipHash: the body stays in clear. */
export class TagGuard implements PacketGuard {
  readonly #mac: SipHash128;

  /** key: 16 bytes. */
  constructor(key: Uint8Array) {
    this.#mac = new SipHash128(key);
  }

  close(packet: Uint8Array, end: number): void {
    this.#mac.append(packet, end);
  }

  /** Without a branch on bytes of the tag. */
  open(packet: Uint8Array, end: number): boolean {
    const own = Uint8Array.from(packet);
    this.#mac.append(own, end);
    let difference = 0;
    for (let i = end; i < end + TAG_LENGTH; i++) difference |= packet[i]! ^ own[i]!;
    return difference === 0;
  }

  wipe(): void {
    this.#mac.wipe();
  }
}

/** ChaCha20-Poly1305, with the head as additional data. */
export class SessionGuard implements PacketGuard {
  readonly #key: Uint8Array;

  /** key: 32 bytes, from now on the guard's. */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  close(packet: Uint8Array, end: number): void {
    packet.set(this.#cipher(packet).encrypt(packet.subarray(HEAD_BYTES, end)), HEAD_BYTES);
  }

  open(packet: Uint8Array, end: number): boolean {
    try {
      packet.set(this.#cipher(packet).decrypt(packet.subarray(HEAD_BYTES, end + TAG_LENGTH)), HEAD_BYTES);
      return true;
    } catch {
      return false;
    }
  }

  wipe(): void {
    this.#key.fill(0);
  }

  /** Type, detail, segment and counter: what no other packet under this key has. */
  #cipher(packet: Uint8Array) {
    const nonce = new Uint8Array(NONCE_BYTES);
    nonce[0] = packet[5]!;
    nonce[1] = packet[7]!;
    nonce.set(packet.subarray(14, 16), 2);
    nonce.set(packet.subarray(24, 32), 4);
    return chacha20poly1305(this.#key, nonce, packet.subarray(0, HEAD_BYTES));
  }
}
