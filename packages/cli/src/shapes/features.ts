import type { AuditLoggerOptions } from '@cryptbpf/logger';
import type { TunnelOptions } from '@cryptbpf/tunnel';
import type { OffloadFile } from '../features.js';
import { count, gate, install, keyId, names, port, rate, work } from './common.js';
import {
  bytes,
  choice,
  date,
  either,
  flag,
  integer,
  list,
  number,
  object,
  pem,
  publicKey,
  record,
  type Shape,
  text,
  variants,
} from './shape.js';

const secret = object({ 'id!': integer(0, 255), 'key!': bytes(32) });
const audience = text({ pattern: '.', title: 'the name of the service' });
const { mode: _mode, ...tcGate } = gate;
const { grace: _grace, ...pkiGate } = tcGate;

const pow = object({ ...gate, ...work, secret });

const signedAuth = object({
  ...gate,
  secret,
  'audience!': audience,
  'keys!': list(object({ 'id!': keyId, 'key!': publicKey, expires: date })),
  freshness: integer(1, 86_400),
  bindAddress: flag,
  keepTrailer: flag,
  lowS: flag,
  sourceBudget: rate,
  keyBudget: rate,
  curveBudget: rate,
  sessions: either(choice(false), object({ lifetime: integer(1, 86_400), perKey: integer(1, 2 ** 20) })),
  maxKeys: count(65_536),
  maxSessions: count(2 ** 20),
  tableMemory: integer(0, 2 ** 40),
  tableWidth: integer(1, 8),
});

const tableWidth = integer(1, 8);
const proof = variants('kind', {
  hash: object({
    'kind!': choice('hash'),
    'keys!': list(object({ 'id!': keyId, 'secret!': bytes(16, 64), form: choice('hmac', 'sha256') })),
    maxKeys: count(),
  }),
  schnorr: object({
    'kind!': choice('schnorr'),
    'keys!': list(object({ 'id!': keyId, 'key!': publicKey })),
    maxKeys: count(),
    tableWidth,
  }),
  ring: object({
    'kind!': choice('ring'),
    'groups!': list(
      object({
        'id!': integer(0, 1023),
        'members!': list(publicKey),
        epoch: integer(0, 0xffff_ffff),
        limit: integer(0, 0xffff_ffff),
      }),
    ),
    maxGroups: count(),
    maxMembers: count(),
    tableWidth,
  }),
});

const zkp = object({
  ...tcGate,
  secret,
  'audience!': audience,
  'proof!': proof,
  sourceBudget: rate,
  curveBudget: rate,
});

const pki = object({
  ...pkiGate,
  secret,
  'audience!': audience,
  'anchors!': names,
  intermediates: names,
  'names!': either(choice('any'), names),
  crls: names,
  requireCrl: flag,
  otherAlgorithms: flag,
  sourceBudget: rate,
  curveBudget: rate,
  maxAuthorities: count(1024),
  maxRevoked: count(2 ** 24),
  maxNames: count(65_536),
});

const cas = object({
  ...install,
  ports: list(port),
  egressPorts: list(port),
  allow: either(choice('any'), names),
  deny: names,
  observeLists: flag,
  monitor: flag,
  sourceBudget: either(choice(false), rate),
  hashBudget: either(choice(false), rate),
  eventRate: rate,
  maxIds: integer(1024, 2 ** 26),
  confirmWithin: number(0, 86_400),
});

const operation = choice(
  'sha256',
  'hmac-sha256',
  'aes-256-gcm-seal',
  'aes-256-gcm-open',
  'ecdsa-p256-verify',
);
const route = choice('bpf', 'userspace', 'hardware');

const offload = object<OffloadFile>({
  ...install,
  ports: list(port),
  clients: list(object({ 'id!': integer(0, 0xffff_ffff), 'secret!': bytes(32), rate, encrypted: flag })),
  keys: record(
    variants('use', {
      hmac: object({ 'use!': choice('hmac'), 'secret!': bytes(1, 64) }),
      aead: object({ 'use!': choice('aead'), 'secret!': bytes(32) }),
      verify: object({ 'use!': choice('verify'), 'publicKey!': publicKey }),
    }),
    /^\d+$/,
    'keys by their numbers',
  ),
  policy: choice('learned', 'static', 'bpf', 'userspace', 'hardware'),
  adaptiveMode: flag,
  smallThreshold: integer(64, 65_536),
  largeThreshold: integer(64, 65_536),
  preferBpfForHash: flag,
  hwAvailable: flag,
  hardware: choice('cpu'),
  pins: list(object({ 'operation!': operation, 'bytes!': integer(0, 65_536), 'route!': route })),
  exploreEvery: integer(0, 1e6),
  costWeight: number(0, 16),
  rate,
  logRate: rate,
  queueDepth: object({ 'userspace!': count(65_536), 'hardware!': count(65_536) }),
  checkEvery: integer(0, 1e6),
  sessionSeconds: integer(1, 86_400),
  stallMs: integer(10, 60_000),
  workers: count(1024),
  maxClients: count(65_536),
});

const key = text({ pattern: '^[A-Za-z0-9+/]{43}=$', title: 'a key of 32 bytes in base64' });

/** What a file says of a tunnel: what it is called and where it is may come from the command line. */
export type TunnelFile = Partial<TunnelOptions> & Pick<TunnelOptions, 'privateKey' | 'peers'>;

export const tunnel = object<TunnelFile>({
  name: text(),
  suite: choice('wireguard', 'aes-256-gcm'),
  'privateKey!': key,
  address: names,
  listenPort: integer(0, 65_535),
  localAddress: text(),
  mtu: integer(1280, 9100),
  'peers!': list(
    object({
      'publicKey!': key,
      'allowedIPs!': names,
      presharedKey: key,
      endpoint: text(),
      pinEndpoint: flag,
      persistentKeepalive: integer(1, 65_535),
    }),
  ),
  routes: flag,
  inline: text(),
  pin: flag,
  pinPath: text(),
  underlay: names,
  early: names,
  rekeyAfter: integer(1, 120),
  maxPeers: count(),
  aesDriver: text(),
});

/** pin, pinPath and name are the one directory of the package. */
export type LoggerFile = Partial<Omit<AuditLoggerOptions, 'pin'>> & { pin?: boolean; pinPath?: string };

export const logger = object<LoggerFile>({
  recipient: pem,
  directory: text(),
  name: text(),
  pin: flag,
  pinPath: text(),
  events: list(choice('exec', 'exit', 'connect', 'accept', 'credentials', 'module', 'bpf')),
  filters: object({
    cgroups: names,
    uids: list(integer(0, 0xffff_fffe)),
    tree: list(integer(1, 0x7fff_ffff)),
    comms: names,
    paths: names,
    sample: integer(1, 0xffff_ffff),
  }),
  cipher: choice('chacha20-poly1305', 'aes-256-gcm'),
  recordsPerKey: integer(1, 65_536),
  epochSeconds: integer(1, 86_400),
  heartbeatSeconds: integer(1, 86_400),
  drainMilliseconds: integer(1, 10_000),
  ringBytes: integer(1 << 16, 1 << 30),
  maxFileBytes: integer(1 << 16, 2 ** 53 - 1),
  maxFiles: integer(0, 1_000_000),
  sync: choice('drain', 'second', 'epoch'),
  onLost: choice('count', 'alarm'),
});

/** What a file for `cryptbpf FEATURE --config` may say. */
export const SHAPES: Readonly<Record<string, Shape<object>>> = {
  pow,
  'signed-auth': signedAuth,
  zkp,
  pki,
  cas,
  offload,
  tunnel,
  logger,
};

/** One schema for all: editors find the part of a feature by its name. */
export function jsonSchema(): Record<string, unknown> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of cryptbpf FEATURE --config',
    anyOf: Object.keys(SHAPES).map((name) => ({ $ref: `#/$defs/${name}` })),
    $defs: Object.fromEntries(Object.entries(SHAPES).map(([name, { schema }]) => [name, schema])),
  };
}
