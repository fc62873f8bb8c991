import type { ReasonName } from '@cryptbpf/core';
import { type Placed, toId } from './authorities.js';
import type { Verified } from './chain.js';
import {
  LONGEST_MESSAGE,
  MOST_CERTIFICATES,
  messageLength,
  SHORTEST_PROOF,
  SIGNATURE_LENGTH,
} from './client/message.js';
import { PkiNameKind, type PkiVoucher, type SpentKey } from './pki.gen.js';

/* How the controller tells the program of a chain that it verified itself. */

const SHOWN_BYTES = 128;
/** The leaf's, and those of issuers. */
const KEYS = 1 + MOST_CERTIFICATES;
const VOUCHER = 3;
/** The fixed part of a proof, all of zeros but for its kind. */
export const VOUCHER_PROOF = Uint8Array.of(VOUCHER, ...new Uint8Array(SHORTEST_PROOF - 1));
/** What the kernel says of algorithms and keys that are not its own. */
export const NOT_UNDERSTOOD: ReadonlySet<ReasonName> = new Set<ReasonName>([
  'DROP_CERT_ALGORITHM',
  'DROP_CERT_ALGORITHMS',
  'DROP_CERT_KEY',
  'DROP_CERT_SIGNATURE_FORMAT',
]);

/** What a holder presents: certificates and a signature, as `Holder.present` makes them. */
export interface Presentation {
  /** DER, the leaf first; at most three for the kernel. */
  readonly certificates: readonly Uint8Array[];
  /** r || s, 64 bytes; for others than P-256 as `Holder` makes it. */
  readonly signature: Uint8Array;
}

/** Whether the kernel can be asked. */
export function fitsMessage({ certificates, signature }: Presentation): boolean {
  return (
    signature.length === SIGNATURE_LENGTH &&
    certificates.length <= MOST_CERTIFICATES &&
    messageLength({ certificates }) <= LONGEST_MESSAGE
  );
}

/** That a voucher is for. */
export function voucherKey(challenge: Uint8Array): SpentKey {
  const view = new DataView(challenge.buffer, challenge.byteOffset, challenge.byteLength);
  return { salt: view.getBigUint64(16, true), tag: view.getBigUint64(24, true) };
}

export function toVoucher({ authority, serial, notAfter, shown, keys }: Verified<Placed>): PkiVoucher {
  const padded = (bytes: Uint8Array, length: number) => {
    const all = new Uint8Array(length);
    all.set(bytes.subarray(0, length));
    return all;
  };
  const { kind, bytes } = shown ?? { kind: PkiNameKind.PKI_NAME_NONE, bytes: new Uint8Array() };
  return {
    basis: {
      place: authority.place,
      id: authority.id,
      serial: { bytes: padded(serial, 32), length: serial.length },
    },
    notAfterS: BigInt(notAfter),
    shown: { kind, length: Math.min(bytes.length, SHOWN_BYTES), bytes: padded(bytes, SHOWN_BYTES) },
    keys: { id: Array.from({ length: KEYS }, (_, i) => toId(keys[i] ?? new Uint8Array())) },
  };
}
