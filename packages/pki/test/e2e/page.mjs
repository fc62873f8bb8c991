import { enter } from '../../../../examples/pki/browser.mjs';

/* A page, in a process of its own: run in a client's namespace. */

const [url, options] = process.argv.slice(2);
const { admitted, reason } = await enter(url, JSON.parse(options));
console.log(JSON.stringify({ admitted, reason }));
