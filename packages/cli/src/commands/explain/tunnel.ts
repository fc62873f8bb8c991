import { createCipheriv, createDecipheriv } from 'node:crypto';
import { installed } from '../../packages.js';
import { type Explanation, hex, type Step } from './step.js';

async function* steps(): AsyncGenerator<Step> {
  const { Initiator, Responder, tunnelSuite } = await installed(
    'tunnel',
    () => import('@cryptbpf/tunnel/noise'),
  );
  const { noise } = tunnelSuite('aes-256-gcm');
  const [a, b] = [noise.dh.generate(), noise.dh.generate()];
  const presharedKey = new Uint8Array(32);
  yield {
    what: 'each side knows the public key of the other',
    values: { 'key of a': hex(a.publicKey), 'key of b': hex(b.publicKey) },
  };
  const initiator = new Initiator(noise, {
    local: a,
    remote: b.publicKey,
    shared: a.agree(b.publicKey),
    presharedKey,
  });
  const first = initiator.write(new Uint8Array(12));
  yield {
    what: 'a: its ephemeral key, its own key and the time, sealed for b',
    values: { message: hex(first) },
  };
  const responder = new Responder(noise, b);
  const from = responder.readStatic(first)!;
  const parties = { local: b, remote: from, shared: b.agree(from), presharedKey };
  responder.readPayload(parties.shared);
  const { message, keys: ofB } = responder.write(parties, new Uint8Array(0));
  yield {
    what: 'b reads who that is, and answers with an ephemeral key of its own',
    values: { 'it is a': `${hex(from) === hex(a.publicKey)}`, message: hex(message) },
  };
  const { keys: ofA } = initiator.read(message)!;
  yield {
    what: 'both have the same two keys, one for each direction; nobody who keeps the messages ever has',
    values: { 'a to b': hex(ofA.send), 'b receives by': hex(ofB.receive) },
  };
  const sealed = seal(ofA.send, 0n, Buffer.from('a packet'));
  yield {
    what: 'a packet is sealed under counter 0, and opened',
    values: { sealed: hex(sealed), opened: open(ofB.receive, 0n, sealed) },
  };
  yield {
    what: 'under another counter, or changed, it is dropped',
    values: { opened: open(ofB.receive, 1n, sealed) },
  };
}

function nonceOf(counter: bigint): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(counter, 4);
  return nonce;
}

function seal(key: Uint8Array, counter: bigint, packet: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(counter));
  return Buffer.concat([cipher.update(packet), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Uint8Array, counter: bigint, sealed: Uint8Array): string {
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(counter));
  decipher.setAuthTag(sealed.subarray(-16));
  const text = decipher.update(sealed.subarray(0, -16));
  try {
    decipher.final();
    return text.toString();
  } catch {
    return 'forged';
  }
}

export const tunnel: Explanation = {
  diagram: `
  host a                                                   host b
   routes -> cb0 -> BPF: seal -> UDP ------------------> BPF: open -> cb0 -> its stack
                      ^                                     ^
   controller: keys   |    INITIATION ------------------>   |  controller: keys
                      +--- <------------------ RESPONSE ----+
`,
  steps,
};
