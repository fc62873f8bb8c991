import { randomBytes } from 'node:crypto';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  createSigner,
  generateKey,
  SignedSocket,
  type SignedSocketOptions,
  type SignerOptions,
} from '../src/udp.js';
import { publicKeyOf } from './client-verifier.js';
import { challengeMessage, UdpGate, verdict } from './udp-gate.js';

const pair = generateKey();
const key = publicKeyOf(pair.publicPem);
const audience = 'udp.test';
const SESSION_REQUEST = 5;

let gate: UdpGate;
let sockets: SignedSocket[];

beforeEach(async () => {
  gate = await UdpGate.open(key, audience);
  sockets = [];
});

afterEach(async () => {
  for (const socket of sockets) await socket.close();
  await gate[Symbol.asyncDispose]();
});

const signerWith = (options: Partial<SignerOptions> = {}) =>
  createSigner(pair.privatePem, { audience, keyId: 1, ...options });

function open(options: Partial<SignedSocketOptions> = {}, at = gate): SignedSocket {
  const socket = new SignedSocket({ signer: signerWith(), controlPort: at.controlPort, ...options });
  sockets.push(socket);
  return socket;
}

/** Sends a payload and waits for its echo. */
async function echo(socket: SignedSocket, payload: string, at = gate, address = '127.0.0.1'): Promise<void> {
  const heard = new Promise<void>((resolve) => {
    const onMessage = (datagram: Buffer) => {
      if (datagram.toString() !== `echo ${payload}`) return;
      socket.off('message', onMessage);
      resolve();
    };
    socket.on('message', onMessage);
  });
  await socket.send(payload, at.port, address);
  await heard;
}

describe('a signed socket', () => {
  test('reaches the service behind the gate, which sees the payload alone', async () => {
    const socket = open({ session: false });
    for (const payload of ['one', 'two', '', 'three']) await echo(socket, payload);
    expect(gate.received).toEqual([
      { kind: 'signed', payload: 'one', counter: 1n },
      { kind: 'signed', payload: 'two', counter: 2n },
      { kind: 'signed', payload: '', counter: 3n },
      { kind: 'signed', payload: 'three', counter: 4n },
    ]);
    expect(gate.control).toEqual([]);
  });

  test('works over IPv6', async () => {
    await using six = await UdpGate.open(key, audience, '::1');
    const socket = open({ type: 'udp6' }, six);
    for (const payload of ['one', 'two', 'three']) await echo(socket, payload, six, '::1');
    await once(socket, 'session');
    await echo(socket, 'four', six, '::1');
    expect(six.received.at(-1)).toEqual({ kind: 'session', payload: 'four', counter: 1n });
  });

  test('takes names, and says when there is no such one', async () => {
    const socket = open({ session: false });
    await echo(socket, 'one', gate, 'localhost');
    await expect(socket.send('two', gate.port, 'no-such-host.invalid')).rejects.toMatchObject({
      code: 'ERR_SIGNED_AUTH_NETWORK',
      message: expect.stringMatching(/^cannot resolve no-such-host.invalid: /),
    });
  });

  test('sends from the address and port that it was told', async () => {
    const socket = open({ session: false, localAddress: '127.0.0.9', localPort: 0 });
    await echo(socket, 'one');
    expect(socket.address()).toMatchObject({ address: '127.0.0.9', port: expect.any(Number) });
  });

  test('hands on what the service says, and who said it', async () => {
    const socket = open({ session: false });
    const message = once(socket, 'message') as Promise<[Buffer, RemoteInfo]>;
    await socket.send('one', gate.port, '127.0.0.1');
    const [datagram, from] = await message;
    expect(datagram.toString()).toBe('echo one');
    expect(from).toMatchObject({ address: '127.0.0.1', port: gate.port });
  });
});

describe('with bindAddress', () => {
  test.each([
    ['found out', {}],
    ['given', { localAddress: '127.0.0.7' }],
  ])('the own address, %s, is signed', async (_, options) => {
    gate.bindAddress = true;
    const socket = open({ session: false, signer: signerWith({ bindAddress: true }), ...options });
    await echo(socket, 'one');
    await echo(socket, 'two');
    expect(gate.refused).toEqual([]);
  });
});

describe('a gate under load', () => {
  test('gets a cookie, and the packet that it refused once more', async () => {
    gate.isLoaded = true;
    const socket = open({ session: false });
    await echo(socket, 'one');
    await echo(socket, 'two');
    expect(gate.received).toEqual([
      { kind: 'cookie', payload: 'one', counter: 2n },
      { kind: 'cookie', payload: 'two', counter: 3n },
    ]);
    expect(gate.refused).toEqual(['no cookie']);
  });

  test('gets the refused payload, whatever became of the caller’s buffer', async () => {
    gate.isLoaded = true;
    const socket = open({ session: false });
    const message = once(socket, 'message');
    const payload = Buffer.from('original');
    await socket.send(payload, gate.port, '127.0.0.1');
    payload.fill('x');
    await message;
    expect(gate.received[0]!.payload).toBe('original');
  });

  test('gets the same cookie until its time is over', async () => {
    gate.isLoaded = true;
    const socket = open({ session: false, cookieLifetime: 500 });
    await echo(socket, 'one');
    await sleep(550);
    gate.isLoaded = false;
    await echo(socket, 'two');
    expect(gate.received.map(({ kind }) => kind)).toEqual(['cookie', 'signed']);
  });

  test('that refuses the cookie too gets the packet no third time', async () => {
    gate.isLoaded = true;
    const socket = open({ session: false, cookieLifetime: 0 });
    await socket.send('one', gate.port, '127.0.0.1');
    await vi.waitFor(() => expect(gate.refused).toHaveLength(2));
    await sleep(200);
    expect(gate.refused).toEqual(['no cookie', 'no cookie']);
  });

  test('gets all packets of a burst', async () => {
    gate.isLoaded = true;
    const socket = open({ session: false });
    socket.setMaxListeners(60);
    const payloads = Array.from({ length: 50 }, (_, i) => `packet ${i}`);
    await Promise.all(payloads.map((payload) => echo(socket, payload)));
    expect(gate.received.map(({ payload }) => payload).sort()).toEqual(payloads.sort());
  });

  test('is not to be mistaken for who demands a cookie that no packet was refused for', async () => {
    const socket = open({ session: false });
    const onMessage = vi.fn();
    await echo(socket, 'one');
    socket.on('message', onMessage);
    const { port } = socket.address();
    for (const counter of [0n, 2n, 2n ** 63n]) {
      const transaction = Buffer.alloc(8);
      transaction.writeBigUInt64BE(counter);
      gate.say(challengeMessage(transaction, randomBytes(32), '127.0.0.1'), port, '127.0.0.1');
    }
    const transaction = Buffer.from('0000000000000001', 'hex');
    const other = createSocket('udp4');
    other.send(challengeMessage(transaction, randomBytes(32), '127.0.0.1'), port, '127.0.0.1');
    await sleep(200);
    other.close();
    await echo(socket, 'two');
    expect(gate.received.map(({ kind }) => kind)).toEqual(['signed', 'signed']);
    expect(onMessage).toHaveBeenCalledOnce();
  });
});

describe('a session', () => {
  /** Sends until packets are under a session. */
  async function upgraded(socket: SignedSocket): Promise<void> {
    const session = once(socket, 'session');
    for (const payload of ['one', 'two', 'three']) await echo(socket, payload);
    await session;
    await echo(socket, 'under a session');
    expect(gate.received.at(-1)).toMatchObject({ kind: 'session', payload: 'under a session' });
  }

  test('is asked for after the first packets, once, and used', async () => {
    const socket = open();
    await echo(socket, 'one');
    await echo(socket, 'two');
    expect(gate.control).toEqual([]);
    const onSession = vi.fn();
    socket.on('session', onSession);
    await upgraded(socket);
    for (let i = 0; i < 50; i++) await echo(socket, `packet ${i}`);
    expect(gate.received.slice(-50).every(({ kind }) => kind === 'session')).toBe(true);
    expect(gate.count(SESSION_REQUEST)).toBe(1);
    expect(onSession).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ lifetime: 3600 }),
      '127.0.0.1',
    );
    expect(gate.refused).toEqual([]);
  });

  test('needs no cookie', async () => {
    const socket = open();
    await upgraded(socket);
    gate.isLoaded = true;
    await echo(socket, 'last');
    expect(gate.received.at(-1)!.kind).toBe('session');
    expect(gate.refused).toEqual([]);
  });

  test('is renewed after three quarters of its lifetime, without a gap', async () => {
    gate.lifetime = 4;
    const socket = open();
    await upgraded(socket);
    const renewed = once(socket, 'session');
    await sleep(3000);
    await echo(socket, 'still the first');
    await renewed;
    await echo(socket, 'the second');
    expect(gate.received.slice(-3)).toMatchObject([
      { kind: 'session', counter: 1n },
      { kind: 'session', counter: 2n },
      { kind: 'session', counter: 1n },
    ]);
    expect(gate.count(SESSION_REQUEST)).toBe(2);
  });

  test('that is over gives way to signatures', async () => {
    gate.lifetime = 1;
    const socket = open();
    await upgraded(socket);
    gate.script = () => [];
    await sleep(1100);
    await echo(socket, 'signed again');
    expect(gate.received.at(-1)!.kind).toBe('signed');
    expect(gate.refused).toEqual([]);
  });

  test('survives lost messages', async () => {
    gate.script = (_, index, honest) => (index === 0 ? [] : honest());
    await upgraded(open());
  });

  test('survives a lost answer: another one is asked for', async () => {
    gate.script = (message, index, honest) => {
      const replies = honest();
      return message[5] === SESSION_REQUEST && index === 0 ? [] : replies;
    };
    await upgraded(open());
    expect(gate.count(SESSION_REQUEST)).toBe(3);
  });

  test('is not opened by who does not know the gate’s secret', async () => {
    gate.script = (message, _, honest) => {
      const replies = honest();
      if (message[5] !== SESSION_REQUEST) return replies;
      const forged = Buffer.from(replies[0]!);
      forged.set(randomBytes(8), 16);
      return [randomBytes(180), forged, ...replies];
    };
    await upgraded(open());
  });

  test('that is refused is told, and asked for again later', async () => {
    gate.script = (message, index, honest) =>
      message[5] === SESSION_REQUEST && index === 0 ? [verdict(message, 111)] : honest();
    const socket = open();
    const failed = once(socket, 'sessionError');
    for (const payload of ['one', 'two', 'three']) await echo(socket, payload);
    const expected = { code: 'ERR_SIGNED_AUTH_REJECTED', status: 111, reason: 'DROP_KEY_BUDGET' };
    expect((await failed)[0]).toMatchObject(expected);
    await echo(socket, 'not at once');
    expect(gate.count(SESSION_REQUEST)).toBe(1);
    await sleep(1000);
    await upgraded(socket);
  });

  test('that the gate has lost ends when the application says so', async () => {
    const socket = open();
    await upgraded(socket);
    gate.forget();
    await socket.send('into the void', gate.port, '127.0.0.1');
    await vi.waitFor(() => expect(gate.refused).toEqual(['session unknown']));
    socket.forget('::ffff:127.0.0.1');
    await upgraded(socket);
  });

  test('of each address is its own', async () => {
    await using other = await UdpGate.open(key, audience, '127.0.0.2');
    const socket = open();
    await upgraded(socket);
    await echo(socket, 'elsewhere', other, '127.0.0.2');
    expect(other.received).toMatchObject([{ kind: 'signed' }]);
  });
});

describe('closing', () => {
  test('ends everything, also what is under way', async () => {
    gate.script = () => [];
    const socket = open();
    const onError = vi.fn();
    socket.on('sessionError', onError);
    for (const payload of ['one', 'two', 'three']) await echo(socket, payload);
    const closed = once(socket, 'close');
    await socket.close();
    await closed;
    await socket[Symbol.asyncDispose]();
    expect(onError).not.toHaveBeenCalled();
    await expect(socket.send('late', gate.port, '127.0.0.1')).rejects.toMatchObject({
      code: 'ERR_ABORTED',
      message: 'the socket is closed',
    });
  });

  test('is what the signal does', async () => {
    const controller = new AbortController();
    const socket = open({ signal: controller.signal });
    await echo(socket, 'one');
    const closed = once(socket, 'close');
    controller.abort('enough');
    await closed;
    const late = socket.send('late', gate.port, '127.0.0.1');
    await expect(late).rejects.toMatchObject({ code: 'ERR_ABORTED', cause: 'enough' });
  });

  test('before it was bound fails what waits', async () => {
    const socket = open();
    const sent = socket.send('one', gate.port, '127.0.0.1');
    void socket.close();
    await expect(sent).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });
});

describe('what cannot work', () => {
  test('an address that is not ours is told twice: as an event, and to who sends', async () => {
    const socket = open({ localAddress: '192.0.2.1' });
    const error = once(socket, 'error').catch((error) => [error]);
    await expect(socket.send('one', gate.port, '127.0.0.1')).rejects.toMatchObject({
      code: 'ERR_SIGNED_AUTH_NETWORK',
      cause: { code: 'EADDRNOTAVAIL' },
    });
    expect((await error)[0]).toMatchObject({ code: 'EADDRNOTAVAIL' });
  });

  test('a datagram that is too long is told to who sends it', async () => {
    const socket = open({ session: false });
    await expect(socket.send(new Uint8Array(65_507), gate.port, '127.0.0.1')).rejects.toMatchObject({
      code: 'ERR_SIGNED_AUTH_NETWORK',
      cause: { code: 'EMSGSIZE' },
    });
  });

  test.each<[Partial<SignedSocketOptions>, string]>([
    [{ controlPort: 0 }, 'controlPort is 0, expected an integer from 1 to 65535'],
    [{ localPort: -1 }, 'localPort is -1'],
    [{ cookieLifetime: Number.NaN }, 'cookieLifetime is NaN'],
  ])('%o', (options, message) => {
    expect(() => new SignedSocket({ signer: signerWith(), ...options })).toThrow(message);
  });

  test('arguments of another kind', async () => {
    const socket = open();
    await expect(socket.send(5 as never, gate.port, '127.0.0.1')).rejects.toThrow('payload is number');
    await expect(socket.send('one', 1, '::1')).rejects.toThrow(
      'address is ::1, expected one of IPv4 for a udp4',
    );
    await expect(socket.send('one', 0, '127.0.0.1')).rejects.toThrow('port is 0, expected an integer from 1');
  });
});
