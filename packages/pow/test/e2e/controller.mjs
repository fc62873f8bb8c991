// A controller as a process of its own, to be killed: prints "attached" when its gate is up, and stays.
import { PowGate } from '../../dist/index.js';

await PowGate.attach(JSON.parse(process.argv[2]));
console.log('attached');
setInterval(() => {}, 1000);
