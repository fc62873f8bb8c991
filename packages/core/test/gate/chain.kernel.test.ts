import { existsSync, readdirSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChainSlot, openObject, XdpChain, type XdpProgram } from '../../src/index.js';
import { Netns } from '../support/netns.js';
import { objectUrl } from '../support/objects.js';
import { until } from '../support/until.js';

/* A chain on s0; frames are sent to it from c0, and a raw socket on s0 sees what got through. */

const PIN_PATH = `/sys/fs/bpf/cryptbpf-chain-${process.pid}`;
const FRAME = Uint8Array.from([
  ...new Uint8Array(6).fill(0xff),
  2,
  0,
  0,
  0,
  0,
  1,
  0x88,
  0xb5,
  ...new Uint8Array(50),
]);

let client: Netns;
let server: Netns;
beforeEach(() => {
  client = Netns.create();
  server = Netns.create();
  Netns.addVeth(client, server, ['c0', 's0']);
});
afterEach(() => {
  server[Symbol.dispose]();
  client[Symbol.dispose]();
  rmSync(PIN_PATH, { recursive: true, force: true });
});

const openChain = () => server.own(server.run(() => XdpChain.open('s0', { pinPath: PIN_PATH })));

/** A program of the tests' object that does nothing but pass, or drop. */
function load(name: 'link_pass' | 'link_drop', chain: XdpChain): XdpProgram {
  const spec = openObject(objectUrl('chain_link'));
  const { chain: programs, chain_expected } = chain.maps;
  const object = server.own(spec.load({ reuse: { chain: programs, chain_expected } }));
  return (object.programs as Record<string, XdpProgram>)[name]!;
}

/** How long to wait for a frame that should come, and for one that should not. */
const PATIENCE_MS = 3000;
const QUIET_MS = 200;
const ROUNDS = process.env.CRYPTBPF_VM ? 3 : 10;

/** How many of count frames get through. */
function passed(count: number, patienceMs = PATIENCE_MS): number {
  const sender = client.openSocket('c0');
  const receiver = server.openSocket('s0');
  for (let i = 0; i < count; i++) sender.send(FRAME);
  const isOurs = (frame: Uint8Array) => frame[12] === 0x88 && frame[13] === 0xb5;
  let seen = 0;
  while (seen < count && receiver.receive(patienceMs, isOurs)) seen++;
  receiver.close();
  sender.close();
  return seen;
}

const dropped = (chain: XdpChain) =>
  chain.maps.stats.at(120).reduce((sum, { packets }) => sum + Number(packets), 0);

describe('a chain', () => {
  it('without programs passes everything', () => {
    openChain();
    expect(passed(3)).toBe(3);
  });

  it('runs its programs one after another, and the last one passes on to the stack', () => {
    const chain = openChain();
    chain.set(ChainSlot.CHAIN_POW, load('link_pass', chain));
    expect(passed(3)).toBe(3);
    chain.set(ChainSlot.CHAIN_CAS, load('link_drop', chain));
    expect(passed(3, QUIET_MS)).toBe(0);
    chain.remove(ChainSlot.CHAIN_CAS);
    expect(passed(3)).toBe(3);
    chain.set(ChainSlot.CHAIN_OFFLOAD, load('link_drop', chain));
    expect(passed(3, QUIET_MS)).toBe(0);
  });

  it('drops, and counts, where a program is expected and there is none', () => {
    const chain = openChain();
    chain.maps.chain_expected.set(0, 1 << ChainSlot.CHAIN_POW);
    expect(passed(3, QUIET_MS)).toBe(0);
    expect(until(() => dropped(chain) >= 3)).toBe(true);
  });

  it('keeps its programs when everybody who made it has let go', () => {
    const chain = openChain();
    chain.set(ChainSlot.CHAIN_POW, load('link_drop', chain));
    server.run(() => chain.close());
    expect(passed(3, QUIET_MS)).toBe(0);
  });

  it('is found again, and goes with its last program', () => {
    const chain = openChain();
    chain.set(ChainSlot.CHAIN_POW, load('link_drop', chain));
    const again = server.run(() => XdpChain.find(server.indexOf('s0'), { pinPath: PIN_PATH }))!;
    expect([again.has(ChainSlot.CHAIN_POW), again.has(ChainSlot.CHAIN_CAS)]).toEqual([true, false]);
    again.remove(ChainSlot.CHAIN_POW);
    expect(server.run(() => XdpChain.find(server.indexOf('s0'), { pinPath: PIN_PATH }))).toBeUndefined();
    expect(existsSync(PIN_PATH) ? readdirSync(PIN_PATH) : []).toEqual([]);
    expect(server.ip('link', 'show', 'dev', 's0')).not.toContain('xdp');
    expect(passed(3)).toBe(3);
  });

  it('of an interface that is gone is not found', () => {
    const chain = openChain();
    chain.set(ChainSlot.CHAIN_POW, load('link_drop', chain));
    const index = server.indexOf('s0');
    server.ip('link', 'delete', 's0');
    expect(server.run(() => XdpChain.find(index, { pinPath: PIN_PATH }))).toBeUndefined();
    expect(readdirSync(PIN_PATH)).toEqual([]);
  });

  it('changes under traffic without a gap', () => {
    const chain = openChain();
    const guard = load('link_drop', chain);
    chain.set(ChainSlot.CHAIN_CAS, guard);
    const before = dropped(chain);
    for (let i = 0; i < ROUNDS; i++) {
      chain.set(ChainSlot.CHAIN_POW, load('link_pass', chain));
      expect(passed(1, QUIET_MS)).toBe(0);
      chain.remove(ChainSlot.CHAIN_POW);
    }
    expect(dropped(chain)).toBe(before);
  });

  it('takes the place of a single program', () => {
    using object = openObject(objectUrl('chain_link')).load();
    using link = server.run(() => (object.programs as Record<string, XdpProgram>).link_drop!.attachXdp('s0'));
    const chain = server.own(
      server.run(() =>
        XdpChain.replace(link, (made) => made.set(ChainSlot.CHAIN_POW, load('link_drop', made)), PIN_PATH),
      ),
    );
    link.close();
    expect(chain.has(ChainSlot.CHAIN_POW)).toBe(true);
    expect(passed(3, QUIET_MS)).toBe(0);
    chain.maps.chain_expected.set(0, 0);
    expect(passed(3)).toBe(3);
  });

  it('that was taken down takes no program, and takes down no later one', () => {
    const [chain, other] = [openChain(), openChain()];
    other.set(ChainSlot.CHAIN_POW, load('link_drop', other));
    server.run(() => chain.remove(ChainSlot.CHAIN_POW));
    const set = () => server.run(() => other.set(ChainSlot.CHAIN_POW, load('link_drop', other)));
    expect(set).toThrow(expect.objectContaining({ code: 'ERR_NOT_FOUND' }));
    expect(set).toThrow('was taken down: open it again');
    const next = openChain();
    next.set(ChainSlot.CHAIN_POW, load('link_drop', next));
    expect(set).toThrow('was taken down: open it again');
    server.run(() => other.remove(ChainSlot.CHAIN_CAS));
    expect(passed(3, QUIET_MS)).toBe(0);
  });

  it('is not made where another XDP program is', () => {
    server.xdpPass('s0');
    expect(() => openChain()).toThrow(expect.objectContaining({ code: 'ERR_BUSY' }));
  });
});
