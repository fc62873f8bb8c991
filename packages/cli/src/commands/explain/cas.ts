import { installed } from '../../packages.js';
import { type Explanation, hex, type Step } from './step.js';

async function* steps(): AsyncGenerator<Step> {
  const cas = await installed('cas', () => import('@cryptbpf/cas/client'));
  const bytes = new TextEncoder().encode('hello');
  const small = await cas.contentOf(bytes);
  yield {
    what: 'the id of content is its hash: a CID of version 1',
    values: { content: 'hello', cid: small.cid.toString() },
  };
  for await (const packet of small.packets())
    yield {
      what: 'one packet: a head of 44 bytes with the hash, then the content',
      values: { packet: hex(packet) },
    };
  const large = await cas.contentOf(new Uint8Array(1500));
  yield {
    what: 'what does not fit goes in chunks, each with its path to the root of a Merkle tree',
    values: { cid: large.cid.toString(), packets: large.packetCount },
  };
  const receiver = new cas.Receiver(large.cid);
  for await (const packet of large.packets()) await receiver.accept(packet);
  yield {
    what: 'a receiver puts them together, in any order',
    values: { complete: `${receiver.isComplete}`, bytes: receiver.bytes().length },
  };
  for await (const packet of large.packets()) {
    packet[100]! ^= 1;
    yield {
      what: 'one bit is changed on the way: each packet is checked by itself',
      values: { verdict: verdictOf(() => cas.verifyPacket(packet)) },
    };
    break;
  }
}

function verdictOf(check: () => unknown): string {
  try {
    check();
    return 'passes';
  } catch (error) {
    return `dropped: ${(error as Error).message}`;
  }
}

export const cas: Explanation = {
  diagram: `
  sender                                    verifier, at the network card
   |  head (id) || content                   |
   |---------------------------------------->|  SHA-256(content) = id?         passes, or is dropped
   |  head (id) || chunk || path             |
   |---------------------------------------->|  does the path lead to the id?  passes, or is dropped
`,
  steps,
};
