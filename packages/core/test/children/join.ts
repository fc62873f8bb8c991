import { openObject, XdpChain, type XdpProgram } from '../../src/index.js';
import { objectUrl } from '../support/objects.js';

/* One of several processes that make and join the chain of an interface at the same moment: when they are told to. */

const [interfaceName = '', pinPath = '', slot = ''] = process.argv.slice(2);

function join(): void {
  using chain = XdpChain.open(interfaceName, { pinPath });
  const { chain: programs, chain_expected } = chain.maps;
  using object = openObject(objectUrl('chain_link')).load({ reuse: { chain: programs, chain_expected } });
  chain.set(Number(slot), (object.programs as Record<string, XdpProgram>).link_pass!);
}

process.stdin.once('data', () => {
  join();
  process.exit();
});
console.log('ready');
