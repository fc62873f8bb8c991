import type { Command } from 'commander';
import { textOf } from '../../config.js';
import { installed } from '../../packages.js';
import { type AccessFlags, addAccessOptions, getAccess } from './access.js';

interface PkiFlags extends AccessFlags {
  chain: string;
  key: string;
  audience: string;
}

export function addPkiClient(client: Command): void {
  addAccessOptions(client.command('pki').alias('pki-validator').description('Present a certificate.'))
    .requiredOption('--chain <file>', 'the certificate and those above it, PEM, without the root')
    .requiredOption('--key <file>', 'its private key, PEM')
    .requiredOption('--audience <name>', 'of the service')
    .action(pki);
}

async function pki(host: string, flags: PkiFlags): Promise<void> {
  const { presentCertificate, keepAccess } = await installed('pki', () => import('@cryptbpf/pki/udp'));
  const holder = { chain: textOf(flags.chain), key: textOf(flags.key), audience: flags.audience };
  await getAccess(host, flags, {
    ask: (options) => presentCertificate({ ...options, ...holder }),
    keep: (options) => keepAccess({ ...options, ...holder }),
  });
}
