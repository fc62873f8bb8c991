import type { Secret } from '../twin/challenge.js';
import { hex, type TwinState } from '../twin/state.js';
import { addressWords, maskByte, parsePrefix, prefixMask } from './addresses.js';

/* One description of a gate, from which both the one in the kernel and its twin are set up. */

export const NS_PER_S = 1_000_000_000n;
export const NS_PER_MS = 1_000_000n;

/** In tokens and nanoseconds between two of them. */
export interface Rate {
  burst: number;
  intervalNs: bigint;
}

export interface Setup {
  port: number;
  tcpPorts: readonly number[];
  udpPorts: readonly number[];
  service: number;
  difficulty: number;
  /** Current, and previous if there is one. */
  secrets: readonly Secret[];
  epochMs: bigint;
  challengeMs: bigint;
  skewMs: bigint;
  lifetimeS: bigint;
  lists: readonly { prefix: string; verdict: 'allow' | 'deny' }[];
  monitor: boolean;
  /** Seconds from now; 0: confirmed. */
  confirmInS: bigint;
  /** Seconds since the clock was set, and for how long it is good then. */
  clockAgeS: bigint;
  clockHorizonS: bigint;
  notBeforeMs: bigint;
  /** What the wall clock says; absent: the truth. */
  wallMs?: bigint;
  spentCapacity: bigint;
  /** Absent: no limit. */
  packetRate?: Rate;
  synRate?: Rate;
  wideRate?: Rate;
  answerRate?: Rate;
  eventRate?: Rate;
  /** Absent: difficulty and lifetime stay as they are. */
  load?: { intervalNs: bigint; stepNs: bigint; difficultyMax: number; lifetimeMinS: bigint };
}

/** What a feature adds to the gate. */
export type ProofKind = Pick<TwinState, 'magic' | 'proofBytes' | 'proofBytesMax' | 'holds'>;

export const KEY = { id: 7, master: Uint8Array.from({ length: 32 }, (_, i) => i * 7 + 1) };
export const OLD_KEY = { id: 6, master: Uint8Array.from({ length: 32 }, (_, i) => 200 - i) };

export const PLAIN: Setup = {
  port: 22305,
  tcpPorts: [443],
  udpPorts: [443, 65535],
  service: 0x0a0b0c0d,
  difficulty: 4,
  secrets: [KEY, OLD_KEY],
  epochMs: 3_600_000n,
  challengeMs: 1_800_000n,
  skewMs: 2_000n,
  lifetimeS: 36_000n,
  lists: [],
  monitor: false,
  confirmInS: 0n,
  clockAgeS: 0n,
  clockHorizonS: 7_200n,
  notBeforeMs: 0n,
  spentCapacity: 4096n,
};

const tokenRate = (rate: Rate | undefined) => ({
  intervalNs: rate?.intervalNs ?? 0n,
  toleranceNs: rate ? BigInt(rate.burst - 1) * rate.intervalNs : 0n,
});

const gateSecret = (secret: Secret | undefined, generation: number) => ({
  master: { bytes: secret?.master ?? new Uint8Array(32) },
  generation: secret ? generation : 0,
  keyId: secret?.id ?? 0,
});

const mask = (bits: number) => addressWords(prefixMask(bits));

/** struct gate_config. round: another one for each configuration, so that nothing of an earlier one is cached. */
export function gateConfig(setup: Setup, nowNs: bigint, round: number) {
  const { secrets } = setup;
  return {
    secrets: [gateSecret(secrets[0], round * 2 + 1), gateSecret(secrets[1], round * 2 + 2)],
    bucketKey: { k0: BigInt(round), k1: 0x0123456789abcdefn },
    maskIpv4: mask(128),
    maskIpv6: mask(64),
    wideIpv4: mask(96 + 24),
    wideIpv6: mask(48),
    packetRate: tokenRate(setup.packetRate),
    synRate: tokenRate(setup.synRate),
    wideRate: tokenRate(setup.wideRate),
    answerRate: tokenRate(setup.answerRate),
    eventRate: tokenRate(setup.eventRate ?? { burst: 1, intervalNs: 3_600n * NS_PER_S }),
    epochMs: setup.epochMs,
    challengeMs: setup.challengeMs,
    skewMs: setup.skewMs,
    clockHorizonNs: setup.clockHorizonS * NS_PER_S,
    confirmByNs: setup.confirmInS === 0n ? 0n : nowNs + setup.confirmInS * NS_PER_S,
    lifetimeMaxNs: setup.lifetimeS * NS_PER_S,
    lifetimeMinNs: (setup.load?.lifetimeMinS ?? setup.lifetimeS) * NS_PER_S,
    spentCapacity: setup.spentCapacity,
    loadIntervalNs: setup.load?.intervalNs ?? 0n,
    levelStepNs: setup.load?.stepNs ?? 0n,
    service: setup.service,
    port: setup.port,
    difficultyMin: setup.difficulty,
    difficultyMax: setup.load?.difficultyMax ?? setup.difficulty,
    monitor: setup.monitor ? 1 : 0,
  };
}

/** A bit for each port, in 64-bit words. */
export function portWords(ports: readonly number[]): bigint[] {
  const words = new Array<bigint>(1024).fill(0n);
  for (const port of ports) words[port >> 6]! |= 1n << BigInt(port & 63);
  return words;
}

/** The twin of such a gate that was set up at nowNs, and has seen nothing yet. */
export function twinOf(setup: Setup, proof: ProofKind, now: () => bigint, wallOffsetNs: bigint): TwinState {
  const started = now();
  return {
    ...proof,
    port: setup.port,
    tcpPorts: new Set(setup.tcpPorts),
    udpPorts: new Set(setup.udpPorts),
    service: setup.service,
    difficulty: setup.difficulty,
    secrets: setup.secrets,
    epochMs: setup.epochMs,
    challengeMs: setup.challengeMs,
    skewMs: setup.skewMs,
    lifetimeNs: setup.lifetimeS * NS_PER_S,
    lists: setup.lists
      .map(({ prefix, verdict }) => ({ ...parsePrefix(prefix), verdict }))
      .sort((a, b) => b.bits - a.bits),
    prefix4: 32,
    prefix6: 64,
    monitor: setup.monitor,
    confirmByNs: setup.confirmInS === 0n ? undefined : started + setup.confirmInS * NS_PER_S,
    nowNs: now,
    wallOffsetNs,
    clockGoodUntilNs: started + (setup.clockHorizonS - setup.clockAgeS) * NS_PER_S,
    notBeforeMs: setup.notBeforeMs,
    admitted: new Map(),
    spent: new Set(),
  };
}

/** What stands for a source, in the twin's state and in the gate's map. */
export function sourcePrefix(
  source: Uint8Array,
  isV4: boolean,
): { key: string; words: ReturnType<typeof mask> } {
  const masked = source.map((byte, i) => byte & maskByte(isV4 ? 128 : 64, i));
  return { key: hex(masked), words: addressWords(masked) };
}
