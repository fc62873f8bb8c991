import { readFileSync } from 'node:fs';
import { parseConfig, Tunnel } from '@cryptbpf/tunnel';

/* node tunnel.mjs cb0.conf: a tunnel as a file in wg-quick's format describes it, until Ctrl-C. */

const [, , file] = process.argv;
const tunnel = await Tunnel.up({ name: 'cb0', ...parseConfig(readFileSync(file, 'utf8')) });
console.log(`${tunnel.name} is up, at UDP port ${tunnel.listenPort}; public key ${tunnel.publicKey}`);

process.once('SIGINT', () => tunnel.down());
