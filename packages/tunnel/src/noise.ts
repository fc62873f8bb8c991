/**
 * The handshake of a tunnel by itself, without a device or BPF: Noise IKpsk2 with the algorithms of either suite. For
 * explanations, and for other ends of one's own; who sends its messages adds headers and MACs (docs/protocols.md).
 *
 * @packageDocumentation
 */
export { type TunnelSuite, tunnelSuite } from './exchange/suite.js';
export { Initiator, type Parties, Responder } from './noise/handshake.js';
