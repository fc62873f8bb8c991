import { once } from 'node:events';
import { PkiValidator } from '@cryptbpf/pki';

/* node gate.mjs INTERFACE ROOT.pem NAME: TCP port 8080 is for who has a certificate of that root with that name. */

const [name = 'eth0', root = 'root.pem', rule = 'dns:.clients.example'] = process.argv.slice(2);
const validator = await PkiValidator.attach({
  interface: name,
  ports: [8080],
  audience: 'service.example',
  anchors: [root],
  names: [rule],
  confirmWithin: 60,
});
console.log(`the gate is up on ${name}: press Enter within a minute, or it goes down again`);
await once(process.stdin, 'data');
validator.confirm();
for await (const { reason, source, certificate } of validator.events())
  console.log(reason, source, certificate?.name ?? '');
