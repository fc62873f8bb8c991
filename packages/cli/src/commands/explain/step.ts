import { randomBytes } from 'node:crypto';

/** Something that is done, and what came of it. */
export interface Step {
  readonly what: string;
  readonly values: Readonly<Record<string, string | number>>;
}

export interface Explanation {
  readonly diagram: string;
  steps(): AsyncGenerator<Step>;
}

export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

export const ADDRESS = '192.0.2.1';
export const AUDIENCE = 'shop.example';

/** The exchange of all gates. */
export const gateDiagram = (proof: string, more: string) => `
  peer                                      gate, in the kernel: it remembers nothing yet
   |  HELLO, 64 bytes                        |
   |---------------------------------------->|
   |                     CHALLENGE, 64 bytes |  random, with the time, and a tag for this address
   |<----------------------------------------|
   |  PROOF: the challenge, and ${proof.padEnd(13)}|
   |---------------------------------------->|  tag, time, used once, then the proof
   |                                 VERDICT |
   |<----------------------------------------|  admitted: this address reaches the ports for a time

${more}`;

/** A challenge as a gate gives it (docs/protocols.md); its tag is random, for no gate is here that would ask for its own. */
export function someChallenge(difficulty: number): Uint8Array {
  const bytes = Buffer.alloc(32);
  bytes[0] = 1;
  bytes[1] = difficulty;
  bytes.writeUInt32BE(1, 4);
  bytes.writeBigUInt64BE(BigInt(Date.now()), 8);
  randomBytes(16).copy(bytes, 16);
  return new Uint8Array(bytes);
}

/** label || audience, which statements begin with. */
export function labelled(label: string, audience: Uint8Array): Buffer {
  const start = Buffer.alloc(32);
  start.write(label);
  return Buffer.concat([start, audience]);
}
