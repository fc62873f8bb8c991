import { BpfError } from '../errors.js';
import { Memory } from './bpf.js';
import { closeFile, datagramSocket, errno, errnoName, ioctl } from './libc.js';

/** What a network interface does for its packets: checksums, splitting large ones, merging small ones. */
export type Offload = 'tx-checksum' | 'scatter-gather' | 'tso' | 'gso' | 'gro';

const SIOCETHTOOL = 0x8946;
/** ETHTOOL_S… */
const COMMANDS: Record<Offload, number> = {
  'tx-checksum': 0x17,
  'scatter-gather': 0x19,
  tso: 0x1f,
  gso: 0x24,
  gro: 0x2c,
};
const IF_NAMESIZE = 16;
const REQUEST_BYTES = 40;

/** Switches offloads of an interface on or off, as `ethtool -K` does. Throws ERR_NO_INTERFACE, ERR_NOT_SUPPORTED. */
export function setOffloads(interfaceName: string, offloads: Partial<Record<Offload, boolean>>): void {
  const socket = datagramSocket();
  try {
    for (const [name, on] of Object.entries(offloads)) set(socket, interfaceName, name as Offload, on);
  } finally {
    closeFile(socket);
  }
}

/** struct ifreq: the name, and a pointer to struct ethtool_value. */
function set(socket: number, interfaceName: string, offload: Offload, on: boolean): void {
  const request = new Memory(REQUEST_BYTES + 8);
  request.bytes.set(new TextEncoder().encode(interfaceName).subarray(0, IF_NAMESIZE - 1));
  request.view.setBigUint64(IF_NAMESIZE, request.address + BigInt(REQUEST_BYTES), true);
  request.view.setUint32(REQUEST_BYTES, COMMANDS[offload], true);
  request.view.setUint32(REQUEST_BYTES + 4, on ? 1 : 0, true);
  const result = ioctl(socket, SIOCETHTOOL, Number(request.address));
  if (result >= 0) return;
  const what = `switching ${offload} of ${interfaceName} ${on ? 'on' : 'off'}: ${errnoName(-result)}`;
  const code = -result === errno.ENODEV ? 'ERR_NO_INTERFACE' : 'ERR_NOT_SUPPORTED';
  throw new BpfError(code, what, { errno: -result });
}
