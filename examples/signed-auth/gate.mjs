import { readFileSync } from 'node:fs';
import { SignedAuth } from '@cryptbpf/signed-auth';

const [interfaceName = 'eth0'] = process.argv.slice(2);
const auth = await SignedAuth.attach({
  interface: interfaceName,
  ports: [{ port: 7777, protocol: 'udp' }],
  audience: 'echo.example',
  keys: [{ id: 1, key: readFileSync('sender.pub.pem', 'utf8') }],
  confirmWithin: 60,
});
console.log(`the gate is up on ${interfaceName}: press Enter to keep it, Ctrl-C to end`);

process.stdin.once('data', () => auth.confirm());
process.once('SIGINT', () => auth.detach()); // it would stay up if this process just ended
for await (const { type, source, reason } of auth.events()) console.log(type, source, reason);
process.exit();
