import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { Endpoint } from '../../../core/test/support/endpoint.js';
import { Netns } from '../../../core/test/support/netns.js';
import {
  DEFAULT_PORT,
  decodeChallenge,
  decodeVerdict,
  encodeHello,
  encodePresentation,
  Holder,
} from '../../src/client.js';
import { PkiValidator } from '../../src/index.js';
import { certificatePem, forge, pemOf } from '../support/forge.js';

const PORT = 8080;
const AUDIENCE = 'echo.example';
const SERVER = '10.97.0.1';
const CLIENT = '10.97.0.2';
/** Waited for in vain where no answer is expected; for one that is expected, any machine's time. */
const SILENCE_MS = 1_500;
const ANSWER_MS = 60_000;
const HELLO = Buffer.from('hello');

test('a chain opens a port, which was closed before and is after its revocation', async () => {
  using client = Netns.create();
  using server = Netns.create();
  Netns.addVeth(client, server, ['c0', 's0']);
  client.addAddress('c0', `${CLIENT}/24`);
  server.addAddress('s0', `${SERVER}/24`);
  Endpoint.echo(server, SERVER, PORT);
  const peer = Endpoint.open(client, CLIENT);
  const root = forge('Root', { isCa: true });
  const intermediate = forge('Intermediate', { issuer: root, isCa: true });
  const leaf = forge('Leaf', { issuer: intermediate });
  const gate = await server.run(() =>
    PkiValidator.attach({
      ...{ interface: 's0', ports: [PORT], audience: AUDIENCE, pin: false },
      ...{ anchors: [certificatePem(root)], names: ['dns:.clients.example'] },
    }),
  );
  server.own({ [Symbol.dispose]: () => server.run(() => gate.close()) });

  expect(await peer.ask(HELLO, PORT, SERVER, SILENCE_MS)).toBeUndefined();
  const exchange = async (message: Uint8Array) => (await peer.ask(message, DEFAULT_PORT, SERVER, ANSWER_MS))!;
  const { challenge, source } = decodeChallenge(await exchange(encodeHello(randomBytes(8))));
  const chain = [leaf.der, intermediate.der];
  const holder = await Holder.create({ chain, key: pemOf(leaf.pair), audience: AUDIENCE });
  const { signature, certificates } = await holder.present(challenge, source);
  const presentation = encodePresentation(randomBytes(8), challenge, { certificates }, signature);
  expect(decodeVerdict(await exchange(presentation)).status).toBe(0);
  expect(await peer.ask(HELLO, PORT, SERVER, ANSWER_MS)).toEqual(HELLO);
  gate.revoke(CLIENT);
  expect(await peer.ask(HELLO, PORT, SERVER, SILENCE_MS)).toBeUndefined();
});
