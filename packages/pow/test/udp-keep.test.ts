import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type KeepAccessOptions, keepAccess } from '../src/udp.js';
import { Peer, verdictReply } from './peer.js';

let peer: Peer;

beforeEach(async () => {
  peer = await Peer.open();
  peer.renewAfter = 1;
});

afterEach(() => peer[Symbol.asyncDispose]());

const onError = vi.fn();
afterEach(() => onError.mockReset());

const keep = (options: Partial<KeepAccessOptions> = {}) =>
  keepAccess({ host: '127.0.0.1', port: peer.port, onError, ...options });

/** How often an exchange was begun, however often its messages were repeated. */
const rounds = () => new Set(peer.hellos.map(({ bytes }) => bytes.toString('hex'))).size;
const SOON = { timeout: 15_000, interval: 20 };

test('an admission is renewed when the gate says so, until closed', async () => {
  const onRenew = vi.fn(() => {
    if (onRenew.mock.calls.length === 2) closed = kept.close();
  });
  let closed: Promise<void> | undefined;
  const kept = await keep({ onRenew });
  expect(rounds()).toBe(1);
  await vi.waitFor(() => expect(closed).toBeDefined(), SOON);
  await closed;
  expect(onRenew).toHaveBeenLastCalledWith(kept.access);
  expect(rounds()).toBe(3);
  await sleep(1300);
  expect(rounds()).toBe(3);
  expect(onError).not.toHaveBeenCalled();
});

test('failures are told and tried again', async () => {
  peer.script = ({ hello, index, bytes }, honest) => [
    hello || index !== 1 ? honest() : verdictReply(bytes, { status: 99 }),
  ];
  const onRenew = vi.fn();
  await using kept = await keep({ onRenew });
  const first = kept.access;
  await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce(), SOON);
  expect(onError).toHaveBeenCalledWith(expect.objectContaining({ reason: 'DROP_PREFIX_LIMITED' }));
  expect(kept.access).toBe(first);
  await vi.waitFor(() => expect(onRenew).toHaveBeenCalled(), SOON);
  expect(onError).toHaveBeenCalledOnce();
  expect(kept.access).not.toBe(first);
});

test('closing ends a renewal that is under way, without an error', async () => {
  const kept = await keep();
  peer.script = () => [];
  await vi.waitFor(() => expect(rounds()).toBe(2), SOON);
  await kept.close();
  await kept[Symbol.asyncDispose]();
  expect(onError).not.toHaveBeenCalled();
});

test('the signal closes it too', async () => {
  const controller = new AbortController();
  await keep({ signal: controller.signal });
  controller.abort();
  await sleep(1300);
  expect(rounds()).toBe(1);
  expect(onError).not.toHaveBeenCalled();
});

test('the first request rejects by itself', async () => {
  peer.script = ({ bytes }) => [verdictReply(bytes, { status: 98 })];
  await expect(keep()).rejects.toMatchObject({ code: 'ERR_POW_REJECTED', status: 98 });
  await expect(keep({ onError: undefined as never })).rejects.toThrow(
    'onError is undefined, expected a function',
  );
  expect(peer.hellos).toHaveLength(1);
  expect(onError).not.toHaveBeenCalled();
});
