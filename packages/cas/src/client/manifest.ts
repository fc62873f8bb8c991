import { CasError } from './errors.js';
import { equalBytes } from './guards.js';
import { CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, HASH_BYTES } from './merkle.js';
import { sha256 } from './sha256.js';

/* What the id of an object commits to: see docs/protocols.md. */

const CHUNKS_MAX = 2 ** 32;

const LABEL = Uint8Array.from('CASTREE1', (letter) => letter.charCodeAt(0));
/** Without the label, as it lies in a packet. */
export const FIELDS_BYTES = 12 + HASH_BYTES;
export const MANIFEST_BYTES = LABEL.length + FIELDS_BYTES;

export interface Manifest {
  /** Bytes of the object. */
  readonly size: number;
  /** Bytes of every chunk but the last. */
  readonly chunkBytes: number;
  readonly root: Uint8Array;
}

/** Size, chunk size and root. */
export function encodeFields({ size, chunkBytes, root }: Manifest): Uint8Array {
  const fields = new Uint8Array(FIELDS_BYTES);
  const view = new DataView(fields.buffer);
  view.setBigUint64(0, BigInt(size));
  view.setUint32(8, chunkBytes);
  fields.set(root, 12);
  return fields;
}

/** Throws ERR_CAS_PACKET for what no object has. */
export function decodeFields(fields: Uint8Array): Manifest {
  const view = new DataView(fields.buffer, fields.byteOffset, FIELDS_BYTES);
  const size = Number(view.getBigUint64(0));
  const chunkBytes = view.getUint32(8);
  const isChunkSize = chunkBytes >= CHUNK_BYTES_MIN && chunkBytes <= CHUNK_BYTES_MAX;
  if (
    !isChunkSize ||
    size < 1 ||
    !Number.isSafeInteger(size) ||
    chunkCount({ size, chunkBytes }) > CHUNKS_MAX
  ) {
    throw new CasError('ERR_CAS_PACKET', `no object has ${size} bytes in chunks of ${chunkBytes}`);
  }
  return { size, chunkBytes, root: fields.subarray(12) };
}

/** The id of an object with these fields. */
export function manifestId(fields: Uint8Array): Uint8Array {
  return sha256(Uint8Array.of(...LABEL, ...fields));
}

/** Whether content has the form of a manifest: such an id stands for an object, so it is not sent as content. */
export function isManifest(content: Uint8Array): boolean {
  return content.length === MANIFEST_BYTES && equalBytes(content.subarray(0, LABEL.length), LABEL);
}

export function chunkCount({ size, chunkBytes }: Pick<Manifest, 'size' | 'chunkBytes'>): number {
  return Math.ceil(size / chunkBytes);
}

/** Bytes of one chunk. */
export function chunkLength({ size, chunkBytes }: Manifest, index: number): number {
  return Math.min(chunkBytes, size - index * chunkBytes);
}
