import { readFile } from 'node:fs/promises';
import { presentCertificate } from '@cryptbpf/pki/udp';

/* node client.mjs HOST CHAIN.pem KEY.pem: opens the ports of that host to this machine. */

const [host = 'localhost', chainFile = 'chain.pem', keyFile = 'key.pem'] = process.argv.slice(2);
const [chain, key] = await Promise.all([chainFile, keyFile].map((file) => readFile(file, 'utf8')));
const { lifetime, source } = await presentCertificate({ host, audience: 'service.example', chain, key });
console.log(`${source} may reach ${host} for ${lifetime} seconds`);
