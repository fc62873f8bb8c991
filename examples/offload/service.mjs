import { readFileSync } from 'node:fs';
import { OffloadManager } from '@cryptbpf/offload';

/* A service of operations: node service.mjs INTERFACE SECRETS, where SECRETS is a file of 64 bytes: a client's secret, and a key to seal with. */

const [interfaceName = 'eth0', file = 'secrets'] = process.argv.slice(2);
const secrets = readFileSync(file);
const service = await OffloadManager.attach({
  interface: interfaceName,
  ports: [22310],
  clients: [{ id: 7, secret: secrets.subarray(0, 32) }],
  keys: { 2: { use: 'aead', secret: secrets.subarray(32, 64) } },
});
process.once('SIGINT', () => service.detach());
for await (const decision of service.decisions()) console.log(JSON.stringify(decision));
