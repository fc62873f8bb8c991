import { BpfError } from '@cryptbpf/core';
import type { P256KeyForms, P256PublicKey } from '@cryptbpf/core/crypto';

export { p256PublicKey as readPublicKey } from '@cryptbpf/core/crypto';

/**
 * A public P-256 key: PEM (SPKI, or a certificate), a JWK, SEC 1 bytes (65, or 33 compressed), a CryptoKey or a
 * KeyObject.
 */
export type PublicKey = P256PublicKey;

/** The same key, in the forms that are needed here. */
export type KeyForms = P256KeyForms;

/** A key whose packets the gate lets through. */
export interface TrustedKey {
  /** 0 to 65535; not secret. What packets say by whom they are signed. */
  id: number;
  key: PublicKey;
  /** Until when, as a Date or in Unix milliseconds, rounded down to seconds. Default: for ever. */
  expires?: Date | number;
}

const MAX_ID = 0xffff;
/** As the kernel has it: for ever. */
export const EVER = 2n ** 64n - 1n;

export function checkId(id: number): void {
  if (Number.isInteger(id) && id >= 0 && id <= MAX_ID) return;
  throw new BpfError('ERR_BAD_VALUE', `key id is ${id}, expected an integer from 0 to ${MAX_ID}`);
}

/** Unix time in seconds, EVER for undefined. Throws ERR_BAD_VALUE. */
export function expirySeconds(expires: Date | number | undefined): bigint {
  if (expires === undefined) return EVER;
  const ms = Number(expires);
  if (Number.isFinite(ms) && ms >= 0) return BigInt(Math.floor(ms / 1000));
  throw new BpfError('ERR_BAD_VALUE', `key expires at ${expires}, expected a Date or Unix milliseconds`);
}
