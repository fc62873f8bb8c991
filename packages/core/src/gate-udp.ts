/*
 * The exchange with a gate over UDP, for Node. The feature packages bundle it into their `udp` part.
 */
export { Exchange, type ExchangeOptions } from './gate-udp/exchange.js';
export { type KeepOptions, type Kept, keep } from './gate-udp/keep.js';
export { type Answer, admissionIn, negotiate, type Respond } from './gate-udp/negotiate.js';
export { type ReachOptions, type ResolvedReach, resolveReach } from './gate-udp/options.js';
export { firstReached, type Reach, reach, type Talk } from './gate-udp/reach.js';
