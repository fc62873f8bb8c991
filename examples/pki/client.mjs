import { readFileSync } from 'node:fs';
import { presentCertificate } from '@cryptbpf/pki/udp';

/* node client.mjs HOST CHAIN.pem KEY.pem: opens the ports of that host to this machine. */

const [host = 'localhost', chainFile = 'chain.pem', keyFile = 'key.pem'] = process.argv.slice(2);
const chain = readFileSync(chainFile, 'utf8');
const key = readFileSync(keyFile, 'utf8');
const { lifetime, source } = await presentCertificate({ host, audience: 'service.example', chain, key });
console.log(`${source} may reach ${host} for ${lifetime} seconds`);
