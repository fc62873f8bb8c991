import { closeSync } from 'node:fs';
import koffi from 'koffi';

/*
 * rtnetlink(7), as much of it as tests ask for again and again: starting iproute2 for each change of an interface is
 * most of what they take where processors are emulated. Requests speak of the network namespace of the thread.
 */

const libc = koffi.load('libc.so.6');
const calls = {
  socket: libc.func('int socket(int family, int type, int protocol)'),
  send: libc.func('long send(int fd, const void *bytes, size_t length, int flags)'),
  recv: libc.func('long recv(int fd, _Out_ uint8_t *bytes, size_t length, int flags)'),
  inet_pton: libc.func('int inet_pton(int family, const char *text, _Out_ uint8_t *bytes)'),
};

const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;

const HEADER_BYTES = 16;
const Request = { NEW_LINK: 16, GET_LINK: 18, NEW_ADDRESS: 20 } as const;
const ERROR = 2;
const REQUEST_ACK = 0x1 | 0x4;
const CREATE_EXCLUSIVE = 0x400 | 0x200;

const IFF_UP = 0x1;
const IFF_RUNNING = 0x40;
const Link = { NAME: 3, INFO: 18, NAMESPACE_FD: 28 } as const;
const Info = { KIND: 1, DATA: 2 } as const;
const VETH_PEER = 1;
const Address = { ADDRESS: 1, LOCAL: 2, FLAGS: 8 } as const;
const IFA_F_NODAD = 2;

/** One end of a pair, and the descriptor of the namespace that it is made in. */
interface End {
  readonly name: string;
  readonly namespace: number;
}

/** Makes a pair of interfaces, which are down. */
export function addVeth(a: End, b: End): void {
  const data = attribute(VETH_PEER, [...interfaceInfo(), ...endOf(b)]);
  const info = [...attribute(Info.KIND, text('veth')), ...attribute(Info.DATA, data)];
  request(Request.NEW_LINK, CREATE_EXCLUSIVE, [
    ...interfaceInfo(),
    ...endOf(a),
    ...attribute(Link.INFO, info),
  ]);
}

export function setUp(ifindex: number): void {
  request(Request.NEW_LINK, 0, interfaceInfo(ifindex, IFF_UP));
}

/** Whether packets can go: some time after both ends of a pair were set up. */
export function isRunning(ifindex: number): boolean {
  const answer = request(Request.GET_LINK, 0, interfaceInfo(ifindex));
  return (answer.getUint32(HEADER_BYTES + 8, true) & IFF_RUNNING) !== 0;
}

/** An address such as 10.0.0.1 or fd00::1, good at once: no duplicates are looked for. */
export function addAddress(ifindex: number, address: string, prefixLength: number): void {
  const family = address.includes(':') ? AF_INET6 : AF_INET;
  const bytes = new Uint8Array(family === AF_INET6 ? 16 : 4);
  if (calls.inet_pton(family, address, bytes) !== 1) throw new Error(`"${address}" is no address`);
  request(Request.NEW_ADDRESS, CREATE_EXCLUSIVE, [
    ...[family, prefixLength, 0, 0],
    ...u32(ifindex),
    ...attribute(Address.LOCAL, [...bytes]),
    ...attribute(Address.ADDRESS, [...bytes]),
    ...attribute(Address.FLAGS, u32(IFA_F_NODAD)),
  ]);
}

const endOf = ({ name, namespace }: End) => [
  ...attribute(Link.NAME, text(name)),
  ...attribute(Link.NAMESPACE_FD, u32(namespace)),
];

/** struct ifinfomsg */
const interfaceInfo = (ifindex = 0, flags = 0) => [0, 0, 0, 0, ...u32(ifindex), ...u32(flags), ...u32(flags)];

/** struct rtattr with its payload, padded to 4 bytes */
function attribute(type: number, payload: readonly number[]): number[] {
  const padding = new Array<number>(-payload.length & 3).fill(0);
  return [...u16(4 + payload.length), ...u16(type), ...payload, ...padding];
}

const u16 = (value: number) => [...new Uint8Array(Uint16Array.of(value).buffer)];
const u32 = (value: number) => [...new Uint8Array(Uint32Array.of(value).buffer)];
const text = (value: string) => [...new TextEncoder().encode(value), 0];

/** Sends struct nlmsghdr with a body, and returns the kernel's answer: a message, or that it is done. */
function request(type: number, flags: number, body: readonly number[]): DataView {
  const header = [
    ...u32(HEADER_BYTES + body.length),
    ...u16(type),
    ...u16(REQUEST_ACK | flags),
    ...u32(0),
    ...u32(0),
  ];
  const fd = check('socket', calls.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, 0));
  try {
    const message = Uint8Array.from([...header, ...body]);
    check('send', Number(calls.send(fd, message, message.length, 0)));
    const bytes = new Uint8Array(8192);
    check('recv', Number(calls.recv(fd, bytes, bytes.length, 0)));
    const answer = new DataView(bytes.buffer);
    const error = answer.getUint16(4, true) === ERROR ? answer.getInt32(HEADER_BYTES, true) : 0;
    if (error !== 0) throw new Error(`rtnetlink request ${type} failed: errno ${-error}`);
    return answer;
  } finally {
    closeSync(fd);
  }
}

function check(what: string, result: number): number {
  if (result < 0) throw new Error(`${what} failed: errno ${koffi.errno()}`);
  return result;
}
