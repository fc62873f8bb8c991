import { createHash, type KeyObject, sign } from 'node:crypto';
import { siphash128 } from '../../../primitives/src/hashes-twin.js';

/* Signed packets of docs/protocols.md, from the specification alone. */

export const MAGIC = 0x5147beef;

export interface Fields {
  instance: bigint;
  counter: bigint;
  time: number;
  keyId: number;
  reserved?: number;
}

export interface Foot {
  version?: number;
  type: number;
  reserved?: number;
  magic?: number;
}

export interface Ends {
  /** 16 bytes each. */
  source: Uint8Array;
  destination: Uint8Array;
  sourcePort: number;
  destinationPort: number;
}

export const concat = (...parts: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));

export function label(text: string): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes.set(Buffer.from(text));
  return bytes;
}

export const audience = (name: string) => new Uint8Array(createHash('sha256').update(name).digest());

export function fieldsOf({ instance, counter, time, keyId, reserved = 0 }: Fields): Uint8Array {
  const bytes = Buffer.alloc(24);
  bytes.writeBigUInt64BE(instance, 0);
  bytes.writeBigUInt64BE(counter, 8);
  bytes.writeUInt32BE(time, 16);
  bytes.writeUInt16BE(keyId, 20);
  bytes.writeUInt16BE(reserved, 22);
  return new Uint8Array(bytes);
}

export function footOf({ version = 1, type, reserved = 0, magic = MAGIC }: Foot): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes[0] = version;
  bytes[1] = type;
  bytes.writeUInt16BE(reserved, 2);
  bytes.writeUInt32BE(magic, 4);
  return new Uint8Array(bytes);
}

export function addressesOf({ source, destination, sourcePort, destinationPort }: Ends): Uint8Array {
  const ports = Buffer.alloc(32);
  ports.writeUInt16BE(sourcePort, 0);
  ports.writeUInt16BE(destinationPort, 2);
  return concat(source, destination, ports);
}

/** r || s. */
export function signature(key: KeyObject, ...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(sign('sha256', concat(...parts), { key, dsaEncoding: 'ieee-p1363' }));
}

export interface Signing {
  key: KeyObject;
  audience: string;
  payload: Uint8Array;
  fields: Fields;
  ends?: Ends;
  cookie?: Uint8Array;
  foot?: Partial<Foot>;
}

/** payload || trailer */
export function signedPayload({
  key,
  audience: name,
  payload,
  fields,
  ends,
  cookie,
  foot,
}: Signing): Uint8Array {
  const head = label(ends ? 'cryptbpf signed-auth addr v1' : 'cryptbpf signed-auth v1');
  const bound = ends ? addressesOf(ends) : new Uint8Array();
  const bytes = fieldsOf(fields);
  const signed = signature(key, head, audience(name), bound, payload, bytes);
  return concat(
    payload,
    bytes,
    signed,
    cookie ?? new Uint8Array(),
    footOf({ type: cookie ? 2 : 1, ...foot }),
  );
}

export interface Tagging {
  /** 16 bytes. */
  key: Uint8Array;
  session: bigint;
  counter: bigint;
  payload: Uint8Array;
}

export function sessionPayload({ key, session, counter, payload }: Tagging): Uint8Array {
  const fields = Buffer.alloc(16);
  fields.writeBigUInt64BE(session, 0);
  fields.writeBigUInt64BE(counter, 8);
  const tagged = concat(payload, fields);
  return concat(tagged, siphash128(key, tagged), footOf({ type: 3 }));
}

/** The proof of a knock. */
export function knockProof(
  key: KeyObject,
  keyId: number,
  audienceName: string,
  challenge: Uint8Array,
  source: Uint8Array,
): Uint8Array {
  const id = Buffer.alloc(4);
  id.writeUInt16BE(keyId);
  const head = label('cryptbpf signed-auth knock v1');
  return concat(id, signature(key, head, audience(audienceName), id, challenge, source));
}

/** The body of a session request, behind its challenge. */
export function requestBody(
  key: KeyObject,
  keyId: number,
  audienceName: string,
  challenge: Uint8Array,
  source: Uint8Array,
  ephemeral: Uint8Array,
): Uint8Array {
  const id = Buffer.alloc(4);
  id.writeUInt16BE(keyId);
  const head = label('cryptbpf signed-auth session v1');
  return concat(
    id,
    ephemeral,
    signature(key, head, audience(audienceName), id, challenge, source, ephemeral),
  );
}
