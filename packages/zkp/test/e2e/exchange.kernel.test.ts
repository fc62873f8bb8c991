import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { Endpoint } from '../../../core/test/support/endpoint.js';
import { Netns } from '../../../core/test/support/netns.js';
import { createRingProver, DEFAULT_PORT, messagesOf } from '../../src/client.js';
import { ZkpFilter } from '../../src/index.js';
import { testKeys } from '../support/keys.js';

const PORT = 2222;
const AUDIENCE = 'ssh.example';
const SERVER = 'fd98::1';
/** Waited for in vain where no answer is expected; for one that is expected, any machine's time. */
const SILENCE_MS = 1_500;
const ANSWER_MS = 60_000;
const HELLO = Buffer.from('hello');

test('a service is silent, and open after a proof, on this kernel', async () => {
  using client = Netns.create();
  using server = Netns.create();
  Netns.addVeth(client, server, ['c0', 's0']);
  client.addAddress('c0', 'fd98::2/64');
  server.addAddress('s0', `${SERVER}/64`);
  Endpoint.echo(server, SERVER, PORT);
  const peer = Endpoint.open(client, 'fd98::2');
  const keys = testKeys(2, 80);
  const filter = await server.run(() =>
    ZkpFilter.attach({
      ...{ interface: 's0', ports: [PORT], audience: AUDIENCE, pin: false },
      proof: {
        kind: 'ring',
        groups: [{ id: 1, members: keys.map(({ publicKey }) => publicKey), limit: 1 }],
        ...{ maxGroups: 1, maxMembers: 2, tableWidth: 4 },
      },
    }),
  );
  server.own({ [Symbol.dispose]: () => server.run(() => filter.close()) });

  expect(await peer.ask(HELLO, PORT, SERVER, SILENCE_MS)).toBeUndefined();
  const messages = messagesOf('ring');
  const exchange = async (message: Uint8Array) => (await peer.ask(message, DEFAULT_PORT, SERVER, ANSWER_MS))!;
  const greeting = messages.encodeHello(randomBytes(8));
  const { challenge, source } = messages.decodeChallenge(await exchange(greeting));
  const group = filter.provers.description(1);
  const prover = createRingProver({ audience: AUDIENCE, group, key: keys[1]!.secretKey });
  const proof = messages.encodeProof(randomBytes(8), challenge, prover.prove(challenge, source));
  expect(messages.decodeVerdict(await exchange(proof)).status).toBe(0);
  expect(await peer.ask(HELLO, PORT, SERVER, ANSWER_MS)).toEqual(HELLO);
});
