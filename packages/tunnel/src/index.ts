export { type PeerConfig, parseConfig, type TunnelConfig } from './config/config.js';
export type { Endpoint, PeerPath, Session, Suite } from './contract.js';
export type { Drops } from './datapath/data-path.js';
export type { InlineOptions } from './inline.js';
export {
  generatePresharedKey,
  generatePrivateKey,
  insecureLabKeys,
  type LabKeys,
  publicKeyOf,
} from './keys.js';
export { type PeerStatus, Tunnel, type TunnelOptions, type TunnelStatus } from './tunnel.js';
