import { writeFileSync } from 'node:fs';
import { ZkpFilter } from '@cryptbpf/zkp';

const [interfaceName = 'eth0', ...keys] = process.argv.slice(2);
const members = keys.map((key) => new Uint8Array(Buffer.from(key, 'hex')));
const filter = await ZkpFilter.attach({
  interface: interfaceName,
  ports: [{ port: 22, protocol: 'tcp' }],
  audience: 'ssh.example',
  proof: { kind: 'ring', groups: [{ id: 1, members }] },
  confirmWithin: 60,
});
writeFileSync('group.json', JSON.stringify(filter.provers.description(1)));
console.log(`port 22 is silent on ${interfaceName}; group.json is for the members`);
console.log('press Enter if you can still reach this machine, Ctrl-C to end');

process.stdin.once('data', () => filter.confirm());
process.once('SIGINT', () => filter.detach()); // it would stay up if this process just ended
for await (const { type, source, reason } of filter.events()) console.log(type, source, reason);
process.exit();
