import { Reason } from '../gate/gate.gen.js';
import { type Count, type Owner, reasonSamples, type Sample, sample } from './sample.js';

/** A controller in this process: a gate, a tunnel, a logger. */
export interface Controller {
  stats(): object;
}

interface Peer {
  readonly publicKey: string;
  readonly lastHandshake: Date | undefined;
  readonly sent: Count;
  readonly received: Count;
}

/**
 * All numbers of stats(), however deep: what is named as a reason is a count of packets, what has a public key is a peer,
 * and anything else is a value by its path.
 */
export function samplesOfController(owner: Owner, controller: Controller): Sample[] {
  return samplesOf(owner, [], controller.stats());
}

function samplesOf(owner: Owner, path: readonly string[], value: unknown): Sample[] {
  const name = path.at(-1) ?? '';
  if (isReason(name)) return countSamples(owner, name, value);
  if (typeof value === 'number' || typeof value === 'bigint')
    return [sample(owner, 'value', value, { path: path.join('.') })];
  if (value === null || typeof value !== 'object' || value instanceof Date) return [];
  if (isPeer(value)) return peerSamples(owner, value);
  return Object.entries(value).flatMap(([key, below]) => samplesOf(owner, [...path, key], below));
}

function countSamples(owner: Owner, reason: string, value: unknown): Sample[] {
  if (typeof value === 'bigint')
    return [sample(owner, 'packets_total', value, { direction: 'ingress', reason })];
  return reasonSamples(owner, 'ingress', reason, value as Count);
}

function peerSamples(owner: Owner, { publicKey: peer, lastHandshake, sent, received }: Peer): Sample[] {
  const traffic = Object.entries({ sent, received }).flatMap(([direction, { packets, bytes }]) => [
    sample(owner, 'peer_packets_total', packets, { peer, direction }),
    sample(owner, 'peer_bytes_total', bytes, { peer, direction }),
  ]);
  if (!lastHandshake) return traffic;
  const age = Math.max(0, (Date.now() - lastHandshake.getTime()) / 1000);
  return [...traffic, sample(owner, 'key_age_seconds', age, { peer })];
}

const isReason = (name: string) => Object.hasOwn(Reason, name);
const isPeer = (value: object): value is Peer => 'publicKey' in value && 'lastHandshake' in value;
