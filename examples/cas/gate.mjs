import { ContentVerifier } from '@cryptbpf/cas';

const [interfaceName = 'eth0', ...allow] = process.argv.slice(2);
const verifier = await ContentVerifier.attach({
  interface: interfaceName,
  ports: [4430],
  allow,
  confirmWithin: 60,
});
console.log(`UDP port 4430 of ${interfaceName} is for that content alone`);
console.log('press Enter if you can still reach this machine, Ctrl-C to end');

process.stdin.once('data', () => verifier.confirm());
process.once('SIGINT', () => verifier.detach()); // it would stay up if this process just ended
for await (const { reason, cid, index, source } of verifier.events()) console.log(reason, cid, index, source);
process.exit();
