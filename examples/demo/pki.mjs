import { parseArgs } from 'node:util';
import { connect, Machine } from './machine.mjs';
import { CABLES } from './network.mjs';
import { Authority } from './pki/authority.mjs';
import { PORT } from './pki/service.mjs';
import { allKept, promise } from './promises.mjs';
import { number, say, step } from './screen.mjs';
import { perform } from './stage.mjs';

/*
 * A TCP service that only who has a certificate reaches, in about 20 seconds. Exits with 1 when the gate does not do what it
 * promises. Everything happens in networks that exist only as long as this process does.
 */

const DEADLINE_MS = 58_000;
const NAMES = ['spiffe://demo.example/ns/prod/'];
const CUT_MS = 1000;

async function expectRefusal({ client }, holder, reason, what) {
  const refusal = await client.ask('present', holder);
  promise(refusal === reason, `${what}: ${refusal ?? 'let in'}`);
}

async function refusals(machines, authority, good) {
  const stranger = new Authority();
  const staging = authority.leaf('staging', 'spiffe://demo.example/ns/staging/web');
  const flipped = { ...good, chain: damaged(good.chain) };
  try {
    const other = stranger.leaf('web', 'spiffe://demo.example/ns/prod/web');
    await expectRefusal(machines, other, 'DROP_CERT_UNTRUSTED', 'a certificate of another CA');
  } finally {
    stranger.close();
  }
  await expectRefusal(machines, staging, 'DROP_CERT_NO_MATCH', 'a certificate for staging');
  await expectRefusal(machines, flipped, 'DROP_CERT_SIGNATURE', 'a certificate with one bit changed');
  await expectRefusal(
    machines,
    { ...good, key: staging.key },
    'DROP_PROOF',
    'the right certificate without its key',
  );
  promise(!(await machines.client.ask('reaches')), `TCP port ${PORT} stays closed`);
}

/** The last byte of the signature is another one. */
function damaged(pem) {
  const [, body] = /-----BEGIN CERTIFICATE-----([\s\S]*?)-----END/.exec(pem);
  const der = Buffer.from(body, 'base64');
  der[der.length - 1] ^= 1;
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
}

async function play(authority) {
  say('CryptBPF demo: a TCP service, a client, and a CA that the openssl command made.');
  const [server, client] = await Promise.all(
    ['server', 'client'].map((name) => Machine.start(`pki/${name}`)),
  );
  const machines = { server, client };
  connect(server, 'to-client', client, 'to-server');
  await Promise.all([server, client].map((machine) => machine.ask('start')));

  step(`Without the gate, the service on TCP port ${PORT} answers anybody.`);
  promise(await client.ask('reaches'), 'the client reaches it');

  step(`The gate goes up. It asks for a certificate of the CA for ${NAMES[0]}…`);
  const good = authority.leaf('web', 'spiffe://demo.example/ns/prod/web');
  await server.ask('raiseGate', {
    anchors: [authority.pem('root')],
    intermediates: [authority.pem('intermediate')],
    crls: [authority.crlFile],
    names: NAMES,
  });
  await refusals(machines, authority, good);

  step('The client presents its certificate, and signs the challenge with its key.');
  promise((await client.ask('present', good)) === undefined, 'the kernel verified the chain and let it in');
  promise(await client.ask('reaches'), 'the client reaches the service');
  const [holder] = await server.ask('admitted');
  promise(
    holder?.source === CABLES.client.peer.address && holder.name === 'spiffe://demo.example/ns/prod/web',
    `the gate knows who it is: ${holder?.name} at ${holder?.source}`,
  );

  step(
    'The CA revokes the certificate while a connection is open: the file with the list changes, nothing else.',
  );
  promise(await client.ask('talk'), 'the connection is open, and answers');
  const before = Date.now();
  authority.revoke('web');
  const changed = Date.now();
  const silent = await client.ask('untilSilent');
  const took =
    silent === undefined
      ? 'never'
      : `${number(Math.max(0, silent - before))} ms after the CA began to write it`;
  promise(silent !== undefined && silent - changed < CUT_MS, `the connection is cut: ${took}`);
  await expectRefusal(machines, good, 'DROP_CERT_REVOKED', 'the same certificate once more');
  return allKept();
}

export async function main(args) {
  parseArgs({ args, options: {} });
  const authority = new Authority();
  process.once('exit', () => authority.close());
  await perform(() => play(authority), { deadlineMs: DEADLINE_MS });
}
