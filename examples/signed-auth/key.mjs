import { writeFileSync } from 'node:fs';
import { generateKey } from '@cryptbpf/signed-auth/client';

const { privatePem, publicPem } = generateKey();
writeFileSync('sender.pem', privatePem, { mode: 0o600, flag: 'wx' });
writeFileSync('sender.pub.pem', publicPem);
console.log('wrote sender.pem, for the client alone, and sender.pub.pem, for the gate');
