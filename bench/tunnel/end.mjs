// One end of a tunnel, up until it is killed.
import { Tunnel } from '../../packages/tunnel/dist/index.js';

const options = JSON.parse(process.argv[2]);
await (options.localIp ? Tunnel.inline(options) : Tunnel.up(options));
console.log('up');
