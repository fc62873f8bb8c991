import { fileURLToPath } from 'node:url';

export const HOST = '10.96.0.1';
export const PEER = '10.96.0.2';

/* By their places in the package, as it is built. */
export const cli = fileURLToPath(new URL('./cli.js', import.meta.url));
export const receiver = fileURLToPath(new URL('./traffic/receiver.js', import.meta.url));
export const sender = fileURLToPath(new URL('./traffic/sender.js', import.meta.url));
export const benchPeer = fileURLToPath(new URL('./bench/peer.js', import.meta.url));
