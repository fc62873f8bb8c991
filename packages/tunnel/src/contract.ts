/** What the handshake and the data path say to each other. The handshake knows no map, the data path no Noise. */

/** Where a peer is. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export type Suite = 'aes-256-gcm' | 'wireguard';

/** One key pair of a peer, as a handshake yields it. Keys are the receiver's to wipe. */
export interface Session {
  readonly localIndex: number; // u32, in packets to us
  readonly remoteIndex: number; // u32, in packets to the peer
  readonly sendKey: Uint8Array; // 32 bytes
  readonly receiveKey: Uint8Array; // 32 bytes
  readonly initiator: boolean;
}

/** The kernel side of one peer, as the handshake drives it. Implemented by src/datapath. */
export interface PeerPath {
  /** The new session receives at once. It sends at once too when we initiated, else from its first packet on (confirmed). Previous, current and next are kept, as WireGuard says. */
  install(session: Session): void;
  /** All keys of the peer leave the kernel; its packets are dropped until the next session. */
  clear(): void;
  setEndpoint(endpoint: Endpoint): void;
  /** The last authenticated packet came from here. */
  endpoint(): Endpoint | undefined;
  /** Boot-clock nanoseconds and counts, as the kernel keeps them; what timers run on. The same object as long as nothing happens. */
  activity(): {
    readonly lastSentNs: bigint; // data, keepalives included
    readonly lastReceivedNs: bigint; // authenticated, keepalives included
    readonly lastDataSentNs: bigint; // without keepalives
    readonly lastDataReceivedNs: bigint;
    readonly lastCounter: bigint; // of the last packet that was sent
    readonly lastWantedNs: bigint; // a packet was dropped or held for want of a session; 0 for never
    readonly currentIndex: number | undefined; // localIndex of the session that packets go out with
  };
  /** Sends an empty packet (keepalive) under the current session. */
  keepalive(): void;
}
