// A UDP service that knows nothing of signatures: it sends back what it gets.
import { createSocket } from 'node:dgram';

const socket = createSocket('udp6'); // and IPv4
socket.on('message', (datagram, { port, address }) => socket.send(datagram, port, address));
socket.bind(7777, () => console.log('echo service on UDP port 7777'));
