import { Reason } from '@cryptbpf/core';
import type { Case } from './case.js';
import {
  ALLOWED4,
  CONTROL,
  control,
  DENIED6,
  fromPeer,
  LISTS,
  SERVER6,
  STRANGER4,
  STRANGER6,
} from './corpus.js';
import { hello, type Message, message, POW_MAGIC } from './messages.js';
import { concat, frame, type Ip } from './packets.js';
import { NS_PER_S } from './setup.js';

/* Steps 3 and 4: what comes to the control port, and hellos. */

const HOUR = 3_600n * NS_PER_S;
const hi = (header: Partial<Message> = {}) => control(STRANGER4, hello(header));
const sized = (bytes: number, type = 1) => control(STRANGER4, message({ type }, new Uint8Array(bytes - 16)));
const from = (ip: Partial<Ip>, source = STRANGER4) =>
  frame({ ip: { ...fromPeer(source), ...ip }, udp: CONTROL, payload: hello() });

const drops = (reason: Reason) => ({ reasons: [reason], action: 'drop' }) as const;
const answers = { reasons: [Reason.ANSWER_CHALLENGE], action: 'tx' } as const;

const LONG_UDP = frame({ ip: fromPeer(STRANGER4), udp: { ...CONTROL, length: 73 }, payload: hello() });
const SHORT_UDP = frame({
  ip: fromPeer(STRANGER4),
  udp: { ...CONTROL, length: 72 },
  payload: concat(hello(), new Uint8Array(1)),
});

export const messageCases: readonly Case[] = [
  {
    name: 'drops a hello that is a first IPv4 fragment',
    frame: from({ fragment: { offset: 0, more: true } }),
    ...drops(Reason.DROP_FRAGMENT),
  },
  {
    name: 'drops a hello behind a fragment header of IPv6',
    frame: from({ extensions: [{ header: 44, fragment: { offset: 0, more: true } }] }, STRANGER6),
    ...drops(Reason.DROP_FRAGMENT),
  },
  {
    name: 'drops a hello behind IPv4 options',
    frame: from({ options: new Uint8Array(4) }),
    ...drops(Reason.DROP_HEADER_OPTIONS),
  },
  {
    name: 'drops a hello behind an extension header',
    frame: from({ extensions: [{ header: 60 }] }, STRANGER6),
    ...drops(Reason.DROP_HEADER_OPTIONS),
  },
  ...['0.0.0.0', '239.1.1.1', '::', 'ff02::1', '::ffff:c633:6407'].map(
    (source): Case => ({
      name: `drops a hello from ${source}`,
      frame: control(source, hello()),
      ...drops(Reason.DROP_ADDRESS),
    }),
  ),
  ...['224.0.0.251', '255.255.255.255'].map(
    (destination): Case => ({
      name: `drops a hello to ${destination}`,
      frame: from({ destination }),
      ...drops(Reason.DROP_ADDRESS),
    }),
  ),
  {
    name: 'drops a hello to a multicast group of IPv6',
    frame: from({ destination: 'ff02::16' }, STRANGER6),
    ...drops(Reason.DROP_ADDRESS),
  },

  ...[63, 65, 72, 80, 16, 1200].map(
    (bytes): Case => ({
      name: `drops a message of ${bytes} bytes`,
      frame: sized(bytes),
      ...drops(Reason.DROP_MESSAGE_LENGTH),
    }),
  ),
  {
    name: 'drops an empty message',
    frame: control(STRANGER4, new Uint8Array()),
    ...drops(Reason.DROP_MESSAGE_LENGTH),
  },
  { name: 'drops a message with a longer UDP length', frame: LONG_UDP, ...drops(Reason.DROP_MESSAGE_LENGTH) },
  {
    name: 'drops a message with a shorter UDP length',
    frame: SHORT_UDP,
    ...drops(Reason.DROP_MESSAGE_LENGTH),
  },
  { name: 'drops another magic', frame: hi({ magic: POW_MAGIC + 1 }), ...drops(Reason.DROP_MESSAGE_MAGIC) },
  { name: 'drops version 0', frame: hi({ version: 0 }), ...drops(Reason.DROP_MESSAGE_VERSION) },
  { name: 'drops version 2', frame: hi({ version: 2 }), ...drops(Reason.DROP_MESSAGE_VERSION) },
  ...[0, 2, 4, 5, 255].map(
    (type): Case => ({
      name: `drops a message of type ${type}`,
      frame: hi({ type }),
      ...drops(Reason.DROP_MESSAGE_TYPE),
    }),
  ),
  { name: 'drops a request with a status', frame: hi({ status: 1 }), ...drops(Reason.DROP_MESSAGE_FORMAT) },
  {
    name: 'drops a request with a reserved byte',
    frame: hi({ reserved: 1 }),
    ...drops(Reason.DROP_MESSAGE_FORMAT),
  },
  {
    name: 'drops a hello of a denied source',
    frame: control(DENIED6, hello()),
    setup: { lists: LISTS },
    ...drops(Reason.DROP_DENIED),
  },
  ...[16, 40, 63].map(
    (at): Case => ({
      name: `drops a hello whose byte ${at} is not 0`,
      frame: control(STRANGER4, hello().fill(1, at, at + 1)),
      ...drops(Reason.DROP_MESSAGE_FORMAT),
    }),
  ),

  { name: 'answers a hello', frame: hi(), ...answers },
  { name: 'answers a hello of IPv6', frame: from({}, STRANGER6), ...answers },
  {
    name: 'answers a hello of an allowed source',
    frame: control(ALLOWED4, hello()),
    setup: { lists: LISTS },
    ...answers,
  },
  {
    name: 'answers a hello without a UDP checksum',
    frame: frame({ ip: fromPeer(STRANGER4), udp: { ...CONTROL, checksum: 0 }, payload: hello() }),
    ...answers,
  },
  {
    name: 'answers at its control port when that is protected',
    frame: hi(),
    setup: { udpPorts: [22305] },
    ...answers,
  },
  {
    name: 'answers at another control port',
    frame: frame({ ip: fromPeer(STRANGER4), udp: { sourcePort: 53, destinationPort: 53 }, payload: hello() }),
    setup: { port: 53 },
    ...answers,
  },
  { name: 'answers while nobody has confirmed it', frame: hi(), setup: { confirmInS: -1n }, ...answers },
  {
    name: 'does not answer a source above its rate',
    frame: hi(),
    setup: { answerRate: { burst: 1, intervalNs: HOUR } },
    before: (gate) => void gate.run(hi()),
    ...drops(Reason.DROP_REPLY_LIMITED),
    twinless: true,
  },
  {
    name: 'answers one source though another is above its rate',
    frame: from({ destination: SERVER6 }, STRANGER6),
    setup: { answerRate: { burst: 1, intervalNs: HOUR } },
    before: (gate) => void gate.run(hi()),
    ...answers,
  },
  {
    name: 'gives no challenge when its clock is stale',
    frame: hi(),
    setup: { clockAgeS: 1n, clockHorizonS: 0n },
    ...drops(Reason.DROP_CLOCK_STALE),
  },
];
