import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { textOf } from '../../config.js';
import { Exit, Failure } from '../../failure.js';
import { wholeFrom } from '../../flags.js';
import { installed } from '../../packages.js';
import { printJson } from '../../print.js';
import { type AccessFlags, addAccessOptions, getAccess } from './access.js';

interface SignedFlags extends AccessFlags {
  key: string;
  id: number;
  audience: string;
  send?: string;
  to?: number;
  wait: number;
}

export function addSignedAuthClient(client: Command): void {
  addAccessOptions(client.command('signed-auth'))
    .description(
      'Knock, which opens TCP ports; or with --send, send a signed datagram, and print the answer.',
    )
    .requiredOption('--key <file>', 'private key, PEM: cryptbpf keygen signed-auth makes one')
    .requiredOption('--id <number>', 'under which the gate knows it', wholeFrom)
    .requiredOption('--audience <name>', 'of the service')
    .option('--send <text>', 'the datagram')
    .option('--to <port>', 'its UDP port', wholeFrom)
    .option('--wait <seconds>', 'for the answer', wholeFrom, 1)
    .action(signedAuth);
}

async function signedAuth(host: string, flags: SignedFlags): Promise<void> {
  const { createSigner, knock, keepOpen, SignedSocket } = await installed(
    'signed-auth',
    () => import('@cryptbpf/signed-auth/udp'),
  );
  const signer = createSigner(textOf(flags.key), { audience: flags.audience, keyId: flags.id });
  if (flags.send === undefined) {
    return getAccess(host, flags, {
      ask: (options) => knock({ ...options, signer }),
      keep: (options) => keepOpen({ ...options, signer }),
    });
  }
  if (flags.to === undefined) throw new Failure(Exit.USAGE, 'to which port? --to PORT');
  await using socket = new SignedSocket({ signer, session: false });
  const answer = once(socket, 'message');
  await socket.send(flags.send, flags.to, host);
  const [datagram] = await Promise.race([answer, sleep(flags.wait * 1000, [undefined], { ref: false })]);
  if (flags.json) printJson({ sent: flags.send, answer: datagram?.toString() });
  else console.log(datagram ? `${datagram}` : 'sent; no answer came');
}
