export type { Endpoint, PeerPath, Session, Suite } from './contract.js';
