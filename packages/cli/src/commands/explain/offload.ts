import { randomBytes } from 'node:crypto';
import { installed } from '../../packages.js';
import { type Explanation, hex, type Step } from './step.js';

async function* steps(): AsyncGenerator<Step> {
  const { OffloadClient } = await installed('offload', () => import('@cryptbpf/offload/client'));
  const secret = new Uint8Array(randomBytes(32));
  yield {
    what: 'client and service share a secret; the service has keys of its own, which no client sees',
    values: { client: 7, secret: hex(secret) },
  };
  const sent: Uint8Array[] = [];
  using client = new OffloadClient({ id: 7, secret, send: (packet) => sent.push(packet), timeout: 100 });
  const answer = client
    .sha256(new TextEncoder().encode('hello'))
    .then(hex, (error) => `none: ${(error as Error).message}`);
  const packet = sent[0]!;
  yield {
    what: 'a request for SHA-256 of "hello": as long as its answer will be, with a counter and a tag',
    values: {
      head: hex(packet.subarray(0, 32)),
      body: hex(packet.subarray(32, -16)),
      tag: hex(packet.subarray(-16)),
    },
  };
  const forged = packet.slice();
  forged[5] = 2;
  client.receive(forged);
  yield {
    what: 'an answer that somebody made up of it has not the tag of the service, and is passed over',
    values: { 'tag of the forger': hex(forged.subarray(-16)) },
  };
  yield { what: 'no service is here', values: { answer: await answer } };
}

export const offload: Explanation = {
  diagram: `
  client                     service
   |  request, tagged         |  XDP: known client? new counter? right tag?
   |------------------------->|
   |                          |--> in BPF, at the network card       (small data)
   |                          |--> worker threads in user space      (large data)   whichever was
   |                          |--> hardware, if there is any                        fastest so far
   |          result, tagged  |
   |<-------------------------|
`,
  steps,
};
