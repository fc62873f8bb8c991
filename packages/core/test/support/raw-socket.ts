import { closeSync } from 'node:fs';
import koffi from 'koffi';
import { Memory } from '../../src/ffi/bpf.js';

const libc = koffi.load('libc.so.6');
const calls = {
  socket: libc.func('int socket(int family, int type, int protocol)'),
  bind: libc.func('int bind(int fd, const void *address, uint32_t length)'),
  setsockopt: libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
  send: libc.func('long send(int fd, const void *bytes, size_t length, int flags)'),
  recvmsg: libc.func('long recvmsg(int fd, void *message, int flags)'),
  poll: libc.func('int poll(void *fds, unsigned long count, int timeout)'),
};

const AF_PACKET = 17;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const ETH_P_ALL_BIG_ENDIAN = 0x0300;
const SOL_PACKET = 263;
const PACKET_AUXDATA = 8;
const PACKET_IGNORE_OUTGOING = 23;
const MSG_DONTWAIT = 0x40;
const POLLIN = 1;
const STATUS_VLAN_VALID = 0x10;
const STATUS_TPID_VALID = 0x40;
const ETH_P_8021Q = 0x8100;

const FRAME_BYTES = 65_536;
const CONTROL_BYTES = 64;
const MESSAGE = 0;
const VECTOR = 64;
const CONTROL = 128;
const POLL = 256;
const FRAME = 512;

/** Sends and receives whole Ethernet frames on one interface. It sees what comes in, not what goes out. */
export class RawSocket implements Disposable {
  #fd: number;
  readonly #memory = new Memory(FRAME + FRAME_BYTES);

  private constructor(fd: number) {
    this.#fd = fd;
    const { view, address } = this.#memory;
    view.setBigUint64(VECTOR, address + BigInt(FRAME), true);
    view.setBigUint64(VECTOR + 8, BigInt(FRAME_BYTES), true);
    view.setInt32(POLL, fd, true);
    view.setInt16(POLL + 4, POLLIN, true);
  }

  /** On the interface of this index, in the network namespace of the thread. */
  static open(ifindex: number): RawSocket {
    const fd = check('socket', calls.socket(AF_PACKET, SOCK_RAW_CLOEXEC, 0));
    const one = new Uint8Array([1, 0, 0, 0]);
    for (const name of [PACKET_AUXDATA, PACKET_IGNORE_OUTGOING]) {
      check('setsockopt', calls.setsockopt(fd, SOL_PACKET, name, one, 4));
    }
    const address = new DataView(new ArrayBuffer(20));
    address.setUint16(0, AF_PACKET, true);
    address.setUint16(2, ETH_P_ALL_BIG_ENDIAN, true);
    address.setInt32(4, ifindex, true);
    check('bind', calls.bind(fd, new Uint8Array(address.buffer), 20));
    return new RawSocket(fd);
  }

  send(frame: Uint8Array): void {
    check('send', Number(calls.send(this.#fd, frame, frame.length, 0)));
  }

  /**
   * The next frame that came in and is accepted; undefined when none came in time. Blocks the thread. A VLAN tag
   * that the kernel took off is back where it was.
   */
  receive(timeoutMs = 1000, accept: (frame: Uint8Array) => boolean = () => true): Uint8Array | undefined {
    for (const end = performance.now() + timeoutMs; ; ) {
      const left = Math.max(0, Math.ceil(end - performance.now()));
      const ready = check('poll', calls.poll(this.#memory.address + BigInt(POLL), 1, left));
      if (ready === 0) return undefined;
      const frame = this.#read();
      if (accept(frame)) return frame;
    }
  }

  /** Forgets what came in so far. */
  flush(): void {
    while (this.receive(0));
  }

  close(): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #read(): Uint8Array {
    const { view, address, bytes } = this.#memory;
    bytes.fill(0, MESSAGE, VECTOR);
    view.setBigUint64(MESSAGE + 16, address + BigInt(VECTOR), true);
    view.setBigUint64(MESSAGE + 24, 1n, true);
    view.setBigUint64(MESSAGE + 32, address + BigInt(CONTROL), true);
    view.setBigUint64(MESSAGE + 40, BigInt(CONTROL_BYTES), true);
    const length = check('recvmsg', Number(calls.recvmsg(this.#fd, address, MSG_DONTWAIT)));
    return withTag(bytes.slice(FRAME, FRAME + length), view);
  }
}

/** struct tpacket_auxdata follows the header of the control message. */
function withTag(frame: Uint8Array, view: DataView): Uint8Array {
  const auxiliary = CONTROL + 16;
  const status = view.getUint32(auxiliary, true);
  if (!(status & STATUS_VLAN_VALID)) return frame;
  const protocol = status & STATUS_TPID_VALID ? view.getUint16(auxiliary + 18, true) : ETH_P_8021Q;
  const tag = new DataView(new ArrayBuffer(4));
  tag.setUint16(0, protocol);
  tag.setUint16(2, view.getUint16(auxiliary + 16, true));
  return new Uint8Array([...frame.subarray(0, 12), ...new Uint8Array(tag.buffer), ...frame.subarray(12)]);
}

function check(what: string, result: number): number {
  if (result < 0) throw new Error(`${what} failed: errno ${koffi.errno()}`);
  return result;
}
