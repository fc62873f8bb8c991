import { readFileSync } from 'node:fs';

/*
 * Who is connected already, when a gate comes up in front of a running service: the peers in
 * /proc/net/tcp and tcp6 of this network namespace. On a router, whose connections end elsewhere,
 * there are none.
 */

const ESTABLISHED = '01';

/** Addresses (16 bytes each) of the peers with an established TCP connection to one of the ports. */
export function establishedPeers(ports: ReadonlySet<number>): Uint8Array[] {
  const peers = [...readTable('tcp'), ...readTable('tcp6')]
    .filter(({ localPort, state }) => state === ESTABLISHED && ports.has(localPort))
    .map(({ peer }) => peer);
  return [...new Map(peers.map((peer) => [peer.join(), peer])).values()];
}

interface Connection {
  readonly localPort: number;
  readonly peer: Uint8Array;
  readonly state: string;
}

function readTable(name: string): Connection[] {
  /* thread-self: a thread may be in another namespace than its process. */
  const lines = readFileSync(`/proc/thread-self/net/${name}`, 'latin1').split('\n').slice(1);
  return lines.filter((line) => line.trim() !== '').map(parseLine);
}

/** "  0: 0100007F:1F90 0100007F:D3A2 01 …": addresses as hexadecimal words of the machine's byte order. */
function parseLine(line: string): Connection {
  const [, local, peer, state] = line.trim().split(/\s+/);
  return {
    localPort: Number.parseInt(local!.split(':')[1]!, 16),
    peer: parseAddress(peer!.split(':')[0]!),
    state: state!,
  };
}

function parseAddress(hex: string): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  const words = hex.match(/.{8}/g)!.map((word) => Number.parseInt(word, 16));
  for (const [i, word] of words.entries()) view.setUint32(16 - 4 * words.length + 4 * i, word, true);
  if (words.length === 1) bytes.fill(0xff, 10, 12);
  return bytes;
}
