import koffi from 'koffi';

/* What somebody sees who listens on the cable: a packet socket. */

const libc = koffi.load(null);
const socket = libc.func('int socket(int family, int type, int protocol)');
const bind = libc.func('int bind(int fd, const void *address, uint32_t length)');
const recv = libc.func('long recv(int fd, _Out_ void *bytes, size_t length, int flags)');

const AF_PACKET = 17;
const SOCK_RAW = 3;
const ETH_P_ALL = 3;
const MSG_DONTWAIT = 0x40;
const INTERVAL_MS = 2;

/** Counts frames, their bytes, and those that hold the mark, from now on. */
export function listen(ifindex, mark) {
  const fd = socket(AF_PACKET, SOCK_RAW, ETH_P_ALL << 8);
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16BE(ETH_P_ALL, 2);
  address.writeInt32LE(ifindex, 4);
  if (fd < 0 || bind(fd, address, address.length) !== 0) throw new Error('cannot listen on the cable');
  const counts = { frames: 0, bytes: 0, marked: 0 };
  const frame = Buffer.alloc(65_536);
  const drain = () => {
    for (let length = recv(fd, frame, frame.length, MSG_DONTWAIT); length > 0; ) {
      counts.frames++;
      counts.bytes += Number(length);
      if (frame.subarray(0, Number(length)).includes(mark)) counts.marked++;
      length = recv(fd, frame, frame.length, MSG_DONTWAIT);
    }
  };
  setInterval(drain, INTERVAL_MS);
  return () => {
    drain();
    return { ...counts };
  };
}
