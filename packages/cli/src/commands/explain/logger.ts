import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { installed } from '../../packages.js';
import { type Explanation, hex, type Step } from './step.js';

const RATCHET = 'cryptbpf ratchet v1';

async function* steps(): AsyncGenerator<Step> {
  const { generateRecipient } = await installed('logger', () => import('@cryptbpf/logger/reader'));
  const { publicPem } = generateRecipient();
  yield {
    what: 'the recipient has a key pair, on another machine; the host that logs has the public half',
    values: { 'public key': publicPem.split('\n').slice(1, -2).join('') },
  };
  const chain = randomBytes(32);
  yield {
    what: 'each stream of an epoch has a chain key, which only the recipient can calculate later',
    values: { 'chain key 0': hex(chain) },
  };
  const key = step(chain, 1, 0);
  const header = headerOf(0);
  const sealed = seal(key, header, 'exec /usr/bin/id uid 1000');
  yield {
    what: 'records 0 to 15 are sealed under message key 0, ChaCha20-Poly1305',
    values: { 'message key 0': hex(key), header: hex(header), sealed: hex(sealed) },
  };
  yield { what: 'the recipient opens it', values: { text: open(key, header, sealed) } };
  yield {
    what: 'moved to another place in the sequence, it does not open: nothing is reordered or removed unseen',
    values: { text: open(key, headerOf(1), sealed) },
  };
  const next = step(chain, 2, 0);
  chain.fill(0);
  yield {
    what: 'the chain goes one step on, and what was before is overwritten: who takes the host now cannot go back',
    values: { 'chain key 1': hex(next), 'chain key 0': hex(chain) },
  };
}

/** HMAC(chain key i, label || what || i (u64) || 1): what is 1 for the message key, 2 for the next chain key. */
function step(chain: Uint8Array, what: number, index: number): Buffer {
  const tail = Buffer.alloc(10);
  tail[0] = what;
  tail.writeBigUInt64BE(BigInt(index), 1);
  tail[9] = 1;
  return createHmac('sha256', chain).update(RATCHET).update(tail).digest();
}

/** Of a RECORD of CPU 0 in epoch 1. */
function headerOf(sequence: number): Buffer {
  const header = Buffer.from('4c4701020000000000000001000000000000000000000000', 'hex');
  header.writeBigUInt64BE(BigInt(sequence), 16);
  return header;
}

const CIPHER = 'chacha20-poly1305';
const nonceOf = (header: Buffer) => Buffer.concat([Buffer.alloc(4), header.subarray(16)]);

function seal(key: Uint8Array, header: Buffer, text: string): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonceOf(header), { authTagLength: 16 });
  cipher.setAAD(header, { plaintextLength: text.length });
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Uint8Array, header: Buffer, sealed: Buffer): string {
  const decipher = createDecipheriv(CIPHER, key, nonceOf(header), { authTagLength: 16 });
  decipher.setAAD(header, { plaintextLength: sealed.length - 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  const text = decipher.update(sealed.subarray(0, -16));
  try {
    decipher.final();
    return text.toString();
  } catch {
    return 'forged';
  }
}

export const logger: Explanation = {
  diagram: `
  kernel                                                        the recipient, elsewhere
   tracepoint -> record -> sealed in BPF -> ring                  private key
                              |               |                      |
                 key 0 -> key 1 -> key 2      v                      v
                 (each wiped after 16     controller -> files -> decrypt, verify: every
                  records)                                       record is there, or a finding
`,
  steps,
};
