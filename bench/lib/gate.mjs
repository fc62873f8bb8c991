import { randomBytes } from 'node:crypto';
import { bootTimeNs, Reason } from '@cryptbpf/core';

/* The gate of bpf/lib in a program of the benchmark: set up as its controller would by default, and what it counts. */

const NS_PER_S = 1_000_000_000n;
export const HOUR = 3600n * NS_PER_S;

/** changes: to the default configuration. ports: the one of the exchange, and the protected one. */
export function setUpGate(variables, { controlPort, protectedPort }, changes) {
  const now = bootTimeNs();
  const config = { ...gateConfig(), port: controlPort, ...changes };
  variables.gate_configs = [config, config];
  variables.gate_clock = { wallOffsetNs: BigInt(Date.now()) * 1_000_000n - now, wallUpdatedNs: now };
  variables.gate_birth = { layout: 1, startedNs: now, notBeforeMs: 0n };
  variables.gate_ports = { tcp: bitOf(protectedPort), udp: bitOf(protectedPort) };
}

/** Packets by reason. */
export function countPackets({ maps }) {
  const entries = maps.stats.getBatch();
  return entries.map(([, cpus]) => cpus.reduce((sum, { packets }) => sum + Number(packets), 0));
}

/**
 * Throws when the packets since then did not meet these verdicts, {reason: packets}, and no others: else other work
 * was measured than the row says.
 */
export function expectVerdicts(object, before, verdicts) {
  for (const [reason, after] of countPackets(object).entries()) {
    const counted = after - before[reason];
    const expected = verdicts[reason] ?? 0;
    if (counted !== expected)
      throw new Error(`${counted} packets were counted as ${reasonName(reason)}, expected ${expected}`);
  }
}

export function rate(perSecond, burst) {
  const intervalNs = NS_PER_S / BigInt(perSecond);
  return { intervalNs, toleranceNs: BigInt(burst - 1) * intervalNs };
}

/** An IPv6 address as the gate has it. */
export function words(bytes) {
  const view = new DataView(bytes.buffer);
  return { high: view.getBigUint64(0, true), low: view.getBigUint64(8, true) };
}

function reasonName(reason) {
  return Object.keys(Reason).find((name) => Reason[name] === reason) ?? `reason ${reason}`;
}

function gateConfig() {
  const secret = (generation) => ({
    master: { bytes: randomBytes(32) },
    generation,
    keyId: generation,
  });
  return {
    secrets: [secret(1), secret(2)],
    bucketKey: { k0: randomBytes(8).readBigUInt64LE(), k1: randomBytes(8).readBigUInt64LE() },
    maskIpv4: mask(128),
    maskIpv6: mask(64),
    wideIpv4: mask(96 + 24),
    wideIpv6: mask(48),
    packetRate: rate(10_000, 20_000),
    synRate: rate(50, 100),
    wideRate: rate(1, 512),
    answerRate: rate(100, 200),
    eventRate: rate(1000, 1000),
    epochMs: 3_600_000n,
    challengeMs: 600_000n,
    skewMs: 2000n,
    clockHorizonNs: 24n * HOUR,
    confirmByNs: 0n,
    lifetimeMaxNs: HOUR,
    lifetimeMinNs: HOUR / 12n,
    spentCapacity: 65536n,
    loadIntervalNs: 1_000_000n,
    levelStepNs: 10n * NS_PER_S,
    service: 1,
    port: 0,
    difficultyMin: 0,
    difficultyMax: 0,
    monitor: 0,
  };
}

/** The first so many bits of an address. */
function mask(bits) {
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => 0xff00 >> Math.min(8, Math.max(0, bits - i * 8)));
  return words(bytes);
}

function bitOf(port) {
  const ports = new Array(1024).fill(0n);
  ports[port >> 6] = 1n << BigInt(port & 63);
  return ports;
}
