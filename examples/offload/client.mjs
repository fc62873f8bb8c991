import { readFileSync } from 'node:fs';
import { connect } from '@cryptbpf/offload/udp';

/* Asks the service: node client.mjs ADDRESS SECRETS */

const [host = '192.0.2.1', file = 'secrets'] = process.argv.slice(2);
const secret = readFileSync(file).subarray(0, 32);
const { client, close } = await connect({ host, port: 22310, id: 7, secret });
const sealed = await client.seal(2, Buffer.from('hello'));
console.log('sealed', Buffer.from(sealed).toString('hex'));
console.log('opened', Buffer.from(await client.open(2, sealed)).toString());
await close();
