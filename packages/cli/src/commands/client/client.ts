import type { Command } from 'commander';
import { printJson } from '../../print.js';
import { addCasClient } from './cas.js';
import { addOffloadClient } from './offload.js';
import { addPkiClient } from './pki.js';
import { addPowClient } from './pow.js';
import { addSignedAuthClient } from './signed-auth.js';
import { addZkpClient } from './zkp.js';

/** `cryptbpf client FEATURE`: what the peer of a gate does. No privilege, no native code. */
export function addClientCommands(program: Command): void {
  const client = program
    .command('client')
    .description("The peer's half: ask a gate for access, or send what it lets pass. Needs no privilege.");
  addPowClient(client);
  addSignedAuthClient(client);
  addZkpClient(client);
  addPkiClient(client);
  addCasClient(client);
  addOffloadClient(client);
  told(
    client,
    'tunnel',
    'encrypted-tunnel',
    'both ends of a tunnel are alike: run cryptbpf tunnel there; with suite wireguard, anything that speaks WireGuard',
  );
  told(
    client,
    'logger',
    'encrypted-logger',
    'a log is read by cryptbpf log decrypt, and verified by cryptbpf log verify',
  );
}

/** Of those without a client of their own: where to go instead. */
function told(client: Command, name: string, alias: string, what: string): void {
  client
    .command(name)
    .alias(alias)
    .summary(what)
    .option('--json', 'print JSON')
    .action(({ json }: { json?: boolean }) =>
      json ? printJson({ feature: name, instead: what }) : console.log(what),
    );
}
