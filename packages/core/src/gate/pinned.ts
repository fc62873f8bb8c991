import { bytesCodec, type Codec } from '../codec.js';
import { BpfError } from '../errors.js';
import { bootTimeNs } from '../ffi/libc.js';
import type { MapType } from '../kinds.js';
import { openMap } from '../maps/create.js';
import type { LruHashMap } from '../maps/keyed.js';
import type { EventsOptions, RingBuffer } from '../ring.js';
import type { MapSpec } from '../spec.js';
import {
  addressBytes,
  formatAddress,
  fromAddress,
  isMapped,
  maskAddress,
  maskBytes,
  toAddress,
} from './address.js';
import {
  type Address,
  addressCodec,
  type GateAdmission,
  type GateEvent,
  gateAdmissionCodec,
  gateEventCodec,
} from './gate.gen.js';
import { type AdmittedSource, type GateEventRecord, toAdmitted, toRecords } from './records.js';
import type { Standing } from './standing.js';

/* A gate that stands, administered by one who did not attach it and knows no options. */

const GATES: readonly string[] = ['pow', 'signed-auth', 'zkp', 'pki'];
/** What of an IPv6 address a gate knows, unless its operator chose another prefix. */
const IPV6_SOURCE_BITS = 64;

/**
 * Who is admitted. Sources are addresses, or the first one of their prefix: how long that is, is not told. Needs
 * CAP_BPF, or root. Throws ERR_NOT_SUPPORTED for a feature that admits nobody.
 */
export function admittedBy(standing: Standing): AdmittedSource[] {
  using admitted = openAdmitted(standing);
  const now = bootTimeNs();
  return admitted
    .getBatch()
    .filter(([, { expiresNs }]) => expiresNs > now)
    .map(([source, admission]) => toAdmitted(formatAddress(fromAddress(source)), admission, now));
}

/**
 * Ends the admission of a source, as admittedBy() tells it; an IPv6 address also stands for its /64. False: it was not
 * admitted. Who was may prove anew. Throws what admittedBy() throws, ERR_BAD_ADDRESS.
 */
export function revokeFrom(standing: Standing, source: string): boolean {
  using admitted = openAdmitted(standing);
  const address = addressBytes(source);
  const prefix = isMapped(address) ? address : maskAddress(address, maskBytes(IPV6_SOURCE_BITS));
  return admitted.delete(toAddress(address)) || admitted.delete(toAddress(prefix));
}

/**
 * What happens, as it happens. Each event goes to one reader: a controller that reads events() as well takes some of
 * them. Throws what admittedBy() throws.
 */
export async function* eventsOf(
  standing: Standing,
  options?: EventsOptions,
): AsyncGenerator<GateEventRecord> {
  const spec = pinnedSpec('events', 'ringbuf', { event: gateEventCodec });
  using events = openMap(pathOf(standing, 'events'), spec) as RingBuffer<GateEvent>;
  yield* toRecords(events.events(options));
}

function openAdmitted(standing: Standing): LruHashMap<Address, GateAdmission> {
  const spec = pinnedSpec('admitted', 'lru_hash', { key: addressCodec, value: gateAdmissionCodec });
  return openMap(pathOf(standing, 'admitted'), spec) as LruHashMap<Address, GateAdmission>;
}

function pathOf({ feature, folder }: Standing, map: string): string {
  if (GATES.includes(feature)) return `${folder}/${map}`;
  throw new BpfError('ERR_NOT_SUPPORTED', `${feature} is no gate: ${GATES.join(', ')} are`);
}

function pinnedSpec(
  name: string,
  type: MapType,
  { key = bytesCodec(0), value = bytesCodec(0), event }: { key?: Codec; value?: Codec; event?: Codec },
): MapSpec {
  return {
    name,
    kernelName: name,
    type,
    keySize: key.size,
    valueSize: value.size,
    maxEntries: 0,
    flags: 0,
    internal: false,
    pinned: false,
    keyType: 0,
    valueType: 0,
    eventType: 0,
    key,
    value,
    event,
    initialValue: undefined,
  };
}
