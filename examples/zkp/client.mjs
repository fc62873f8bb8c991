import { readFileSync } from 'node:fs';
import { createRingProver, requestAccess } from '@cryptbpf/zkp/udp';

const [host = 'localhost', name = 'member'] = process.argv.slice(2);
const prover = createRingProver({
  audience: 'ssh.example',
  group: JSON.parse(readFileSync('group.json', 'utf8')),
  key: new Uint8Array(readFileSync(`${name}.key`)),
});
const { source, lifetime } = await requestAccess({ host, prover });
console.log(`a member at ${source}, whichever it is, may reach ${host} for ${lifetime} seconds`);
