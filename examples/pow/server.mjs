import { createServer } from 'node:http';
import { PowGate } from '@cryptbpf/pow';

const [interfaceName = 'eth0'] = process.argv.slice(2);
createServer((_request, response) => response.end('hello\n')).listen(8080);

const ports = [{ port: 8080, protocol: /** @type {const} */ ('tcp') }];
const gate = await PowGate.attach({ interface: interfaceName, ports, confirmWithin: 60 });
console.log(
  `the gate is up on ${interfaceName}: press Enter if you can still reach this machine, Ctrl-C to end`,
);

process.stdin.once('data', () => gate.confirm());
process.once('SIGINT', () => gate.detach()); // it would stay up if this process just ended
for await (const { type, source, lifetime } of gate.events()) {
  if (type === 'admitted') console.log(`${source} is admitted for ${lifetime} seconds`);
}
console.log('the gate is down');
process.exit();
