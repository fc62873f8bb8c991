import { writeFileSync } from 'node:fs';
import { generateKey } from '@cryptbpf/zkp/client';

const [name = 'member'] = process.argv.slice(2);
const { secretKey, publicKey } = generateKey();
writeFileSync(`${name}.key`, secretKey, { mode: 0o600, flag: 'wx' });
console.log(`${name}.key is for ${name} alone; for the gate: ${Buffer.from(publicKey).toString('hex')}`);
