import type { PkiValidator } from '@cryptbpf/pki';
import type { Command } from 'commander';
import { apply } from '../apply.js';
import { textOf } from '../config.js';
import type { EditFlags } from '../edit.js';
import { Exit, Failure } from '../failure.js';
import { pki } from '../features.js';
import { printJson } from '../print.js';

/** Certificates that an operator takes out himself, before any list does. The gate remembers them, not the configuration. */
export function addCertificateCommands(program: Command): void {
  const certificate = program
    .command('certificate')
    .description(
      'Take a certificate out of a pki gate that stands, from the next packet on, or take that back.',
    );
  options(certificate.command('revoke <file>')).action((path, flags) =>
    change(path, flags, (gate, pem) => gate.revokeCertificate(pem)),
  );
  options(certificate.command('unrevoke <file>')).action((path, flags) =>
    change(path, flags, (gate, pem) => {
      if (!gate.unrevokeCertificate(pem)) throw new Failure(Exit.FAILED, `${path} was not revoked`);
    }),
  );
}

function options(command: Command): Command {
  return command
    .requiredOption('-c, --config <file>', 'with the options of the gate')
    .option('--name <name>', 'which one stands, if there are several')
    .option('--pin-path <directory>', 'where it is pinned, in bpffs (default: /sys/fs/bpf/cryptbpf)')
    .option('--json', 'print JSON');
}

async function change(
  path: string,
  flags: EditFlags,
  how: (gate: PkiValidator, pem: string) => void,
): Promise<void> {
  const pem = textOf(path);
  const { name } = await apply(pki, flags, (gate) => how(gate, pem));
  if (flags.json) printJson({ feature: 'pki', name, certificate: path, state: 'changed' });
  else console.log(`pki ${name} has changed its mind about ${path}`);
}
