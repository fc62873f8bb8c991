import { choice, either, flag, integer, list, number, object, type Shape, text } from './shape.js';

/* Of several features. */

export const port = integer(1, 65_535);
export const rate = object({ 'perSecond!': number(0.001, 1e9), 'burst!': integer(1, 1e9) });
export const seconds = (most: number) => number(0, most);
export const keyId = integer(0, 65_535);
export const count = (most = 2 ** 26) => integer(1, most);
export const names = list(text());

const range = (low: number, high: number) =>
  object({ 'min!': integer(low, high), 'max!': integer(low, high) });

export const install: Record<string, Shape> = {
  interface: either(text({ title: 'the name of an interface' }), names),
  name: text(),
  mode: choice('auto', 'native', 'generic'),
  pin: flag,
  pinPath: text(),
};

/** GateOptions of core. */
export const gate: Record<string, Shape> = {
  ...install,
  ports: list(either(port, object({ 'port!': port, 'protocol!': choice('tcp', 'udp') }))),
  controlPort: port,
  service: integer(0, 0xffff_ffff),
  lifetime: range(1, 31_536_000),
  allow: names,
  deny: names,
  sourcePrefix: object({ 'ipv4!': integer(1, 32), 'ipv6!': integer(1, 128) }),
  widePrefix: object({ 'ipv4!': integer(1, 32), 'ipv6!': integer(1, 128), 'sources!': integer(2, 1e9) }),
  packetRate: rate,
  synRate: rate,
  answerRate: rate,
  eventRate: rate,
  challengeLifetime: number(1, 3600),
  epoch: number(1, 31_536_000),
  clockSkew: number(0.01, 3600),
  clockHorizon: number(1, 31_536_000),
  monitor: flag,
  maxAdmissions: integer(1024, 2 ** 26),
  maxSpent: integer(1024, 2 ** 26),
  maxListEntries: integer(1024, 2 ** 26),
  confirmWithin: seconds(86_400),
  grace: seconds(86_400),
};

/** Of gates that ask for work. */
export const work: Record<string, Shape> = {
  difficulty: range(0, 64),
  targetAdmissions: number(0.001, 1e9),
  loadStep: number(0.001, 86_400),
};
