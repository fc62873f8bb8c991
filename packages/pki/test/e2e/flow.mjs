import { connect } from 'node:net';

/* A connection that says a word every 20 ms, and tells of each that comes back. */

const [host, port] = process.argv.slice(2);
const socket = connect(Number(port), host, () => {
  console.log('open');
  setInterval(() => socket.write('.'), 20);
});
socket.on('data', () => process.stdout.write('.\n')).on('error', () => {});
