import { PkiValidator } from '../../dist/index.js';

/* A controller that can be killed. */

await PkiValidator.attach(JSON.parse(process.argv[2]));
console.log('attached');
setInterval(() => {}, 1000);
