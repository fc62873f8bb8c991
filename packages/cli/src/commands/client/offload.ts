import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { Argument, type Command } from 'commander';
import { textOf } from '../../config.js';
import { Exit, Failure } from '../../failure.js';
import { wholeFrom } from '../../flags.js';
import { installed } from '../../packages.js';
import { printJson } from '../../print.js';
import { secretFrom } from './access.js';

interface OffloadFlags {
  id: number;
  secret: string;
  key?: number;
  signature?: string;
  json?: boolean;
}

const OPERATIONS = ['sha256', 'hmac', 'seal', 'open', 'verify'] as const;

export function addOffloadClient(client: Command): void {
  client
    .command('offload')
    .alias('crypto-offload')
    .description('Have an operation done on what comes from stdin; the result is printed in hexadecimal.')
    .argument('<host>', 'name or address of the service')
    .argument('<port>', 'its UDP port', wholeFrom)
    .addArgument(new Argument('<operation>', 'what').choices(OPERATIONS))
    .requiredOption('--id <number>', 'of this client', wholeFrom)
    .requiredOption('--secret <file>', 'that it shares with the service: cryptbpf keygen offload makes one')
    .option('--key <number>', "of the service's keys", wholeFrom)
    .option('--signature <hex>', 'of verify: r and s, 64 bytes')
    .option('--json', 'print JSON')
    .action(offload);
}

async function offload(host: string, port: number, operation: string, flags: OffloadFlags): Promise<void> {
  const { connect } = await installed('offload', () => import('@cryptbpf/offload/udp'));
  const { address } = await lookup(host);
  const secret = secretFrom(textOf(flags.secret), flags.secret);
  await using service = await connect({ host: address, port, id: flags.id, secret });
  const result = await perform(service.client, operation, new Uint8Array(readFileSync(0)), flags);
  const text =
    typeof result === 'boolean' ? (result ? 'valid' : 'invalid') : Buffer.from(result).toString('hex');
  if (flags.json) printJson({ operation, result: text });
  else console.log(text);
}

type Operations = Awaited<ReturnType<typeof import('@cryptbpf/offload/udp').connect>>['client'];

function perform(client: Operations, operation: string, data: Uint8Array, flags: OffloadFlags) {
  if (operation === 'sha256') return client.sha256(data);
  if (flags.key === undefined) throw new Failure(Exit.USAGE, 'by which of the keys? --key NUMBER');
  if (operation === 'hmac') return client.hmac(flags.key, data);
  if (operation === 'seal') return client.seal(flags.key, data);
  if (operation === 'open') return client.open(flags.key, data);
  const signature = Buffer.from(flags.signature ?? '', 'hex');
  if (signature.length !== 64) throw new Failure(Exit.USAGE, 'no signature of 64 bytes: --signature HEX');
  return client.verify(flags.key, data, new Uint8Array(signature));
}
