import { Reason } from '@cryptbpf/core';
import type { TwinState } from '../twin/state.js';
import type { Case } from './case.js';
import { ALLOWED4, ALLOWED6, DENIED4, DENIED6, fromPeer, LISTS, STRANGER4, STRANGER6 } from './corpus.js';
import type { TestGate } from './gate.js';
import { ACK, frame, type Ip, SYN } from './packets.js';
import { NS_PER_S } from './setup.js';

/* Step 2: traffic to protected ports. */

const WEB = { sourcePort: 40_000, destinationPort: 443 };
const HOUR = 3_600n * NS_PER_S;
const tcp = (source: string, flags = ACK, ip: Partial<Ip> = {}) =>
  frame({ ip: { ...fromPeer(source), ...ip }, tcp: { ...WEB, flags } });
const udp = (source: string, ip: Partial<Ip> = {}) => frame({ ip: { ...fromPeer(source), ...ip }, udp: WEB });
const fragment = { offset: 0, more: true };

const admitted =
  (source: string, lifetimeS = 3_600n) =>
  (gate: TestGate, twin: TwinState) =>
    gate.admit(twin, source, lifetimeS);

const passes = (reason: Reason) => ({ reasons: [reason], action: 'pass' }) as const;
const drops = (reason: Reason) => ({ reasons: [reason], action: 'drop' }) as const;

export const trafficCases: readonly Case[] = [
  { name: 'drops TCP of a stranger', frame: tcp(STRANGER4), ...drops(Reason.DROP_NOT_ADMITTED) },
  { name: 'drops UDP of a stranger', frame: udp(STRANGER6), ...drops(Reason.DROP_NOT_ADMITTED) },
  {
    name: 'protects port 65535',
    frame: frame({ ip: fromPeer(STRANGER4), udp: { sourcePort: 1, destinationPort: 65535 } }),
    ...drops(Reason.DROP_NOT_ADMITTED),
  },
  {
    name: 'passes an admitted source',
    frame: tcp(STRANGER4, SYN),
    before: admitted(STRANGER4),
    ...passes(Reason.PASS_ADMITTED),
  },
  {
    name: 'passes all of an admitted /64',
    frame: udp('2001:db8:7:0:ffff::1'),
    before: admitted(STRANGER6),
    ...passes(Reason.PASS_ADMITTED),
  },
  {
    name: 'does not pass the /64 beside it',
    frame: udp('2001:db8:7:1::7'),
    before: admitted(STRANGER6),
    ...drops(Reason.DROP_NOT_ADMITTED),
  },
  {
    name: 'passes an admitted source with IPv4 options',
    frame: tcp(STRANGER4, ACK, { options: new Uint8Array(4) }),
    before: admitted(STRANGER4),
    ...passes(Reason.PASS_ADMITTED),
  },
  {
    name: 'drops a source whose admission is over',
    frame: tcp(STRANGER4),
    before: admitted(STRANGER4, -1n),
    ...drops(Reason.DROP_ADMISSION_EXPIRED),
  },
  {
    name: 'drops an admitted source above its packet rate',
    frame: udp(STRANGER4),
    setup: { packetRate: { burst: 2, intervalNs: HOUR } },
    before: (gate, twin) => {
      gate.admit(twin, STRANGER4, 3_600n);
      gate.run(udp(STRANGER4));
      gate.run(udp(STRANGER4));
    },
    ...drops(Reason.DROP_RATE_LIMITED),
    twinless: true,
  },
  {
    name: 'drops an admitted source above its rate of connections',
    frame: tcp(STRANGER4, SYN),
    setup: { synRate: { burst: 1, intervalNs: HOUR } },
    before: (gate, twin) => {
      gate.admit(twin, STRANGER4, 3_600n);
      gate.run(tcp(STRANGER4, SYN));
    },
    ...drops(Reason.DROP_SYN_LIMITED),
    twinless: true,
  },
  {
    name: 'does not count a SYN with ACK as a new connection',
    frame: tcp(STRANGER4, SYN | ACK),
    setup: { synRate: { burst: 1, intervalNs: HOUR } },
    before: (gate, twin) => {
      gate.admit(twin, STRANGER4, 3_600n);
      gate.run(tcp(STRANGER4, SYN));
    },
    ...passes(Reason.PASS_ADMITTED),
  },
  {
    name: 'drops a first IPv4 fragment, also of an admitted source',
    frame: udp(STRANGER4, { fragment }),
    before: admitted(STRANGER4),
    ...drops(Reason.DROP_FRAGMENT),
  },
  {
    name: 'drops a first IPv6 fragment, also of an allowed source',
    frame: udp(ALLOWED6, { extensions: [{ header: 44, fragment }] }),
    setup: { lists: LISTS },
    ...drops(Reason.DROP_FRAGMENT),
  },
  ...['0.1.2.3', '224.0.0.1', '255.255.255.255', 'ff02::1', '::', '::ffff:c633:6407'].map(
    (source): Case => ({
      name: `drops the source ${source}, which no host can have`,
      frame: udp(source),
      before: admitted(source),
      ...drops(Reason.DROP_ADDRESS),
    }),
  ),

  {
    name: 'passes an allowed IPv4 source',
    frame: udp(ALLOWED4),
    setup: { lists: LISTS },
    ...passes(Reason.PASS_ALLOWED),
  },
  {
    name: 'passes an allowed IPv6 source',
    frame: tcp(ALLOWED6),
    setup: { lists: LISTS },
    ...passes(Reason.PASS_ALLOWED),
  },
  {
    name: 'drops a denied part of an allowed prefix',
    frame: udp(DENIED4),
    setup: { lists: LISTS },
    ...drops(Reason.DROP_DENIED),
  },
  {
    name: 'drops a denied IPv6 source',
    frame: udp(DENIED6),
    setup: { lists: LISTS },
    ...drops(Reason.DROP_DENIED),
  },
  {
    name: 'passes an allowed host in a denied network',
    frame: udp(DENIED4),
    setup: { lists: [...LISTS, { prefix: `${DENIED4}/32`, verdict: 'allow' }] },
    ...passes(Reason.PASS_ALLOWED),
  },
  {
    name: 'drops a denied source though it is admitted',
    frame: udp(DENIED4),
    setup: { lists: LISTS },
    before: admitted(DENIED4),
    ...drops(Reason.DROP_DENIED),
  },
  {
    name: 'drops everyone who is not on the list when all are denied',
    frame: udp(STRANGER6),
    setup: { lists: [{ prefix: '::/0', verdict: 'deny' }] },
    ...drops(Reason.DROP_DENIED),
  },

  {
    name: 'stands open when nobody confirmed it in time',
    frame: udp(STRANGER4, { fragment }),
    setup: { confirmInS: -1n },
    ...passes(Reason.PASS_UNCONFIRMED),
  },
  {
    name: 'protects while it waits to be confirmed',
    frame: udp(STRANGER4),
    setup: { confirmInS: 600n },
    ...drops(Reason.DROP_NOT_ADMITTED),
  },
  {
    name: 'passes and counts what it would drop in monitor mode',
    frame: udp(STRANGER4),
    setup: { monitor: true },
    reasons: [Reason.DROP_NOT_ADMITTED, Reason.PASS_MONITORED],
    action: 'pass',
  },
  {
    name: 'passes packets cut short in monitor mode',
    frame: udp(STRANGER4).slice(0, 30),
    setup: { monitor: true },
    reasons: [Reason.DROP_TRUNCATED, Reason.PASS_MONITORED],
    action: 'pass',
  },
  {
    name: 'drops what it would pass when the next program of the chain is missing',
    frame: udp(STRANGER4),
    setup: { confirmInS: -1n },
    before: (gate) => gate.expectChain(1 << 10),
    reasons: [Reason.PASS_UNCONFIRMED, Reason.DROP_CHAIN_EMPTY],
    action: 'drop',
    twinless: true,
  },
  {
    name: 'does not wait for programs that come before it in the chain',
    frame: udp(STRANGER4),
    setup: { confirmInS: -1n },
    before: (gate) => gate.expectChain(1 << 4),
    ...passes(Reason.PASS_UNCONFIRMED),
  },
];
