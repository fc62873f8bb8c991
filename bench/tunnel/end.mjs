// One end of a tunnel, up until it is killed.
import { Tunnel } from '../../packages/tunnel/dist/index.js';

await Tunnel.up(JSON.parse(process.argv[2]));
console.log('up');
