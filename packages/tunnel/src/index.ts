export { type PeerConfig, parseConfig, type TunnelConfig } from './config/config.js';
export type { Endpoint, PeerPath, Session, Suite } from './contract.js';
export {
  generatePresharedKey,
  generatePrivateKey,
  insecureLabKeys,
  type LabKeys,
  publicKeyOf,
} from './keys.js';
