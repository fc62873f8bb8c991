import { createPrivateKey } from 'node:crypto';
import type { Command } from 'commander';
import { textOf } from '../../config.js';
import { Exit, Failure } from '../../failure.js';
import { wholeFrom } from '../../flags.js';
import { installed } from '../../packages.js';
import { type AccessFlags, addAccessOptions, getAccess, secretFrom } from './access.js';

interface ZkpFlags extends AccessFlags {
  kind: string;
  key: string;
  id?: number;
  group?: string;
  audience: string;
}

const load = () => installed('zkp', () => import('@cryptbpf/zkp/udp'));

export function addZkpClient(client: Command): void {
  addAccessOptions(
    client.command('zkp').alias('zkp-filter').description('Prove a secret, or membership of a group.'),
  )
    .option('--kind <kind>', 'hash, schnorr or ring', 'schnorr')
    .requiredOption(
      '--key <file>',
      'private key as PEM, or for hash the secret: cryptbpf keygen zkp makes them',
    )
    .option('--id <number>', 'under which the gate knows it', wholeFrom)
    .option('--group <file>', 'of ring: the JSON that the operator publishes')
    .requiredOption('--audience <name>', 'of the service')
    .action(zkp);
}

async function zkp(host: string, flags: ZkpFlags): Promise<void> {
  const { requestAccess, keepAccess } = await load();
  const prover = await proverOf(flags);
  await getAccess(host, flags, {
    ask: (options) => requestAccess({ ...options, prover }),
    keep: (options) => keepAccess({ ...options, prover }),
  });
}

async function proverOf({ kind, key, id: keyId, group, audience }: ZkpFlags) {
  const { createHashProver, createSchnorrProver, createRingProver } = await load();
  if (kind === 'ring') {
    if (group === undefined) throw new Failure(Exit.USAGE, 'of which group? --group FILE');
    return createRingProver({ audience, group: JSON.parse(textOf(group)), key: jwkOf(key) });
  }
  if (keyId === undefined)
    throw new Failure(Exit.USAGE, 'under which number does the gate know it? --id NUMBER');
  if (kind === 'hash') return createHashProver({ audience, keyId, secret: secretFrom(textOf(key), key) });
  if (kind === 'schnorr') return createSchnorrProver({ audience, keyId, key: jwkOf(key) });
  throw new Failure(Exit.USAGE, `--kind is "${kind}", expected hash, schnorr or ring`);
}

function jwkOf(path: string): { kty: string; crv?: string; d?: string } {
  try {
    return createPrivateKey(textOf(path)).export({ format: 'jwk' }) as { kty: string };
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure(Exit.USAGE, `${path} is no private key as PEM`, { cause });
  }
}
