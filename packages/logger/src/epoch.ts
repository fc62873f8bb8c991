import { CIPHERS, type Cipher } from './cipher.js';
import { open, seal } from './hpke.js';
import { hmac, KEY_BYTES, LOG_ID_BYTES, POINT_BYTES, secret, wipe } from './keys.js';
import { LogFrame } from './records.gen.js';
import { CONTROLLER, HEADER_BYTES, type Header, TAG_BYTES, writeHeader } from './wire.js';

/*
 * An epoch's secret and its link, sealed to the recipient. The links are a chain of hashes that only goes forward:
 * the log's id commits to the first, so who knows today's cannot make up an epoch of yesterday.
 */

const FIXED_BYTES = LOG_ID_BYTES + 8;
const SEALED_BYTES = 2 * KEY_BYTES + TAG_BYTES;
export const EPOCH_BYTES = FIXED_BYTES + POINT_BYTES + SEALED_BYTES;

/** What begins an epoch. */
export interface Epoch {
  readonly number: number;
  readonly logId: Buffer;
  readonly cipher: Cipher;
  readonly recordsPerKey: number;
  readonly secret: Buffer;
  readonly link: Buffer;
}

export function logIdOf(link: Uint8Array): Buffer {
  return hmac(link, 'cryptbpf log id v1').subarray(0, LOG_ID_BYTES);
}

export function nextLink(link: Uint8Array): Buffer {
  return hmac(link, 'cryptbpf log link v1');
}

/** The first chain key of a stream. */
export function streamChain({ number, logId, secret, link }: Epoch, cpu: number, level: number): Buffer {
  const prk = hmac(logId, secret, link);
  const info = Buffer.alloc(8);
  info.writeUInt32BE(number, 0);
  info.writeUInt16BE(cpu, 4);
  info[6] = level;
  info[7] = 1;
  const chain = hmac(prk, 'cryptbpf log stream v1', info);
  wipe(prk);
  return chain;
}

function infoOf(logId: Uint8Array, number: number): Buffer {
  const info = Buffer.alloc(4);
  info.writeUInt32BE(number);
  return Buffer.concat([Buffer.from('cryptbpf log epoch v1'), logId, info]);
}

/** The frame, to be read by who has the private half of point. */
export function writeEpoch(epoch: Epoch, point: Uint8Array): Buffer {
  const header = {
    frame: LogFrame.LOG_FRAME_EPOCH,
    length: EPOCH_BYTES,
    cpu: CONTROLLER,
    level: 0,
    sequence: 0,
  };
  const fixed = Buffer.alloc(8);
  fixed[0] = CIPHERS.indexOf(epoch.cipher) + 1;
  fixed.writeUInt32BE(epoch.recordsPerKey, 4);
  const aad = Buffer.concat([writeHeader({ ...header, epoch: epoch.number }), epoch.logId, fixed]);
  const text = secret(2 * KEY_BYTES);
  text.set(epoch.secret);
  text.set(epoch.link, KEY_BYTES);
  const { enc, sealed } = seal(text, { point, info: infoOf(epoch.logId, epoch.number), aad });
  wipe(text);
  return Buffer.concat([aad, enc, sealed]);
}

/** undefined: it is not for this recipient, was changed, or is of another version. */
export function readEpoch(
  frame: Buffer,
  { epoch: number, length }: Header,
  key: { scalar: Uint8Array; point: Uint8Array },
): Epoch | undefined {
  if (length !== EPOCH_BYTES) return undefined;
  const aad = frame.subarray(0, HEADER_BYTES + FIXED_BYTES);
  const logId = Buffer.from(aad.subarray(HEADER_BYTES, HEADER_BYTES + LOG_ID_BYTES));
  const fixed = aad.subarray(HEADER_BYTES + LOG_ID_BYTES);
  const recordsPerKey = fixed.readUInt32BE(4);
  const cipher = CIPHERS[fixed[0]! - 1];
  if (cipher === undefined || recordsPerKey === 0) return undefined;
  const enc = frame.subarray(aad.length, aad.length + POINT_BYTES);
  const sealed = frame.subarray(aad.length + POINT_BYTES);
  const text = open(enc, sealed, { ...key, info: infoOf(logId, number), aad });
  if (!text) return undefined;
  return {
    number,
    logId,
    cipher,
    recordsPerKey,
    secret: text.subarray(0, KEY_BYTES),
    link: text.subarray(KEY_BYTES),
  };
}
