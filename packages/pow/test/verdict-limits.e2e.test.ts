import { setTimeout as sleep } from 'node:timers/promises';
import { bootTimeNs, Reason } from '@cryptbpf/core';
import { afterAll, describe, expect, test } from 'vitest';
import { addressBytes } from './support/addresses.js';
import { CONTROL, challengeFor, control, fromPeer, STRANGER4, solution } from './support/corpus.js';
import { TestGate } from './support/gate.js';
import { hello } from './support/messages.js';
import { ACK, frame, SYN } from './support/packets.js';
import { NS_PER_MS, NS_PER_S, sourcePrefix } from './support/setup.js';

const gate = new TestGate();
afterAll(() => gate[Symbol.dispose]());

const HOUR = 3_600n * NS_PER_S;
const WEB = { sourcePort: 40_000, destinationPort: 443 };
const traffic = (source: string, flags = ACK) => frame({ ip: fromPeer(source), tcp: { ...WEB, flags } });
const count = (reason: Reason, verdicts: readonly Reason[]) =>
  verdicts.filter((given) => given === reason).length;
const times = (n: number, packet: () => Uint8Array) =>
  Array.from({ length: n }, () => gate.verdict(packet()));

describe('rates', () => {
  test.each([
    ['packetRate', 1, ACK, Reason.DROP_RATE_LIMITED],
    ['packetRate', 5, ACK, Reason.DROP_RATE_LIMITED],
    ['packetRate', 64, SYN, Reason.DROP_RATE_LIMITED],
    ['synRate', 1, SYN, Reason.DROP_SYN_LIMITED],
    ['synRate', 7, SYN, Reason.DROP_SYN_LIMITED],
  ] as const)('%s with a burst of %i', (name, burst, flags, limited) => {
    const twin = gate.reset({ [name]: { burst, intervalNs: HOUR } });
    gate.admit(twin, STRANGER4, 3_600n);
    const verdicts = times(burst + 10, () => traffic(STRANGER4, flags));
    const [passed, dropped] = [new Array(burst).fill(Reason.PASS_ADMITTED), new Array(10).fill(limited)];
    expect(verdicts).toEqual([...passed, ...dropped]);
  });

  test('a connection attempt that is dropped costs no packet', () => {
    const rate = { burst: 1, intervalNs: HOUR };
    const twin = gate.reset({ synRate: rate, packetRate: { burst: 2, intervalNs: HOUR } });
    gate.admit(twin, STRANGER4, 3_600n);
    times(9, () => traffic(STRANGER4, SYN));
    expect(gate.verdict(traffic(STRANGER4, ACK))).toBe(Reason.PASS_ADMITTED);
  });

  test('tokens come back with time', async () => {
    const intervalNs = 100n * NS_PER_MS;
    const twin = gate.reset({ packetRate: { burst: 3, intervalNs } });
    gate.admit(twin, STRANGER4, 3_600n);
    const start = bootTimeNs();
    const first = count(
      Reason.PASS_ADMITTED,
      times(20, () => traffic(STRANGER4)),
    );
    await sleep(250);
    const second = count(
      Reason.PASS_ADMITTED,
      times(20, () => traffic(STRANGER4)),
    );
    const most = 3 + Number((bootTimeNs() - start) / intervalNs) + 1;
    expect(first).toBeGreaterThanOrEqual(3);
    expect(second).toBeGreaterThanOrEqual(2);
    expect(first + second).toBeLessThanOrEqual(most);
  });

  test('a whole /64 shares one rate of answers', () => {
    gate.reset({ answerRate: { burst: 2, intervalNs: HOUR } });
    const sources = ['2001:db8:1::1', '2001:db8:1::2', '2001:db8:1::3', '2001:db8:1:1::1'];
    const verdicts = sources.map((source) => gate.verdict(control(source, hello())));
    const { ANSWER_CHALLENGE: answered, DROP_REPLY_LIMITED: limited } = Reason;
    expect(verdicts).toEqual([answered, answered, limited, answered]);
  });

  test('a wider prefix has its share of admissions, and the one beside it its own', () => {
    gate.reset({ wideRate: { burst: 2, intervalNs: HOUR } });
    const sources = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.3.1', '192.0.2.1'];
    const verdicts = sources.map((source, i) =>
      gate.verdict(solution(source, { issued: gate.wallMs(), salt: BigInt(i) })),
    );
    const { ANSWER_ADMITTED: admitted, DROP_PREFIX_LIMITED: limited } = Reason;
    expect(verdicts).toEqual([admitted, admitted, limited, admitted, admitted]);
  });
});

describe('spent challenges', () => {
  const FREE = { difficulty: 0, skewMs: 0n };
  let salt = 0n;
  const fresh = () => solution(STRANGER4, { issued: gate.wallMs(), salt: salt++, difficulty: 0 });
  const remembered = () => [...gate.object.maps.spent.keys()].length;

  test('as many are remembered as there is room for, and no more', () => {
    gate.reset({ ...FREE, spentCapacity: 16n });
    const verdicts = times(20, fresh);
    expect(count(Reason.ANSWER_ADMITTED, verdicts)).toBe(16);
    expect(verdicts.slice(16)).toEqual(new Array(4).fill(Reason.DROP_SPENT_FULL));
    expect(remembered()).toBe(16);
  });

  /** Long enough for some packets to be judged within it, also on an emulated machine. */
  function challengeMs(): bigint {
    gate.reset(FREE);
    const start = bootTimeNs();
    times(5, fresh);
    return 800n + (12n * (bootTimeNs() - start)) / NS_PER_MS;
  }

  test('room comes back when challenges are over, again and again', async () => {
    const lifetime = challengeMs();
    gate.reset({ ...FREE, spentCapacity: 4n, challengeMs: lifetime });
    for (let round = 0; round < 3; round++) {
      expect(count(Reason.ANSWER_ADMITTED, times(4, fresh))).toBe(4);
      expect(gate.verdict(fresh())).toBe(Reason.DROP_SPENT_FULL);
      expect(remembered()).toBe(4);
      await sleep(Number(lifetime) + 50);
    }
  });

  test('one proof, sent until its challenge is over, admits once, while others press for its place', () => {
    const lifetime = challengeMs();
    gate.reset({ ...FREE, spentCapacity: 1n, challengeMs: lifetime });
    const packet = fresh();
    const verdicts: Reason[] = [];
    const end = bootTimeNs() + (lifetime + 100n) * NS_PER_MS;
    while (bootTimeNs() < end) verdicts.push(gate.verdict(packet), gate.verdict(fresh()));
    verdicts.push(gate.verdict(packet));
    const own = verdicts.filter((_, i) => i % 2 === 0);
    expect(own[0]).toBe(Reason.ANSWER_ADMITTED);
    expect(count(Reason.ANSWER_ADMITTED, own)).toBe(1);
    expect(own.at(-1)).toBe(Reason.DROP_CHALLENGE_EXPIRED);
    expect(new Set(own.slice(1))).toEqual(new Set([Reason.DROP_SPENT, Reason.DROP_CHALLENGE_EXPIRED]));
  });

  test('one is remembered until no clock that may differ calls it young', () => {
    gate.reset({ ...FREE, challengeMs: 10_000n, skewMs: 5_000n });
    const before = bootTimeNs();
    expect(gate.verdict(fresh())).toBe(Reason.ANSWER_ADMITTED);
    const after = bootTimeNs();
    const { untilNs } = gate.object.maps.spent_order.at(0);
    const memory = 20_001n * NS_PER_MS;
    expect(untilNs >= before + memory && untilNs <= after + memory).toBe(true);
  });

  test('an epoch that ends takes no challenge with it', () => {
    gate.reset({ ...FREE, challengeMs: 3_600_000n, epochMs: 1_000n });
    for (let age = 0n; age < 20_000n; age += 500n) {
      const given = { issued: gate.wallMs() - age, salt: salt++, difficulty: 0, epochMs: 1_000n };
      expect(gate.verdict(solution(STRANGER4, given))).toBe(Reason.ANSWER_ADMITTED);
    }
  });
});

describe('admissions', () => {
  const expiry = () =>
    gate.object.maps.admitted.get(sourcePrefix(addressBytes(STRANGER4), true).words)!.expiresNs;
  const prove = (salt: bigint) => gate.verdict(solution(STRANGER4, { issued: gate.wallMs(), salt }));

  test('another proof makes one longer', () => {
    const twin = gate.reset({ lifetimeS: 600n });
    gate.admit(twin, STRANGER4, 60n);
    expect(prove(1n)).toBe(Reason.ANSWER_ADMITTED);
    expect(expiry() > bootTimeNs() + 590n * NS_PER_S).toBe(true);
  });

  test('another proof makes none shorter', () => {
    const twin = gate.reset({ lifetimeS: 600n });
    gate.admit(twin, STRANGER4, 6_000n);
    expect(prove(1n)).toBe(Reason.ANSWER_ADMITTED);
    expect(expiry() > bootTimeNs() + 5_900n * NS_PER_S).toBe(true);
  });

  test('one that is over begins anew, with its rates', () => {
    const twin = gate.reset({ lifetimeS: 600n, packetRate: { burst: 1, intervalNs: HOUR } });
    gate.admit(twin, STRANGER4, -1n);
    expect(prove(1n)).toBe(Reason.ANSWER_ADMITTED);
    const { PASS_ADMITTED: passed, DROP_RATE_LIMITED: limited } = Reason;
    expect(times(2, () => traffic(STRANGER4))).toEqual([passed, limited]);
  });

  test('events tell who came in and who was kept out', () => {
    gate.reset({ eventRate: { burst: 2, intervalNs: HOUR } });
    gate.object.maps.events.take();
    times(5, () => traffic(STRANGER4));
    prove(1n);
    const events = gate.object.maps.events.take();
    const { DROP_NOT_ADMITTED: dropped, ANSWER_ADMITTED: admitted } = Reason;
    expect(events.map(({ reason }) => reason)).toEqual([dropped, dropped, admitted]);
    expect(events[0]).toMatchObject({ port: 443, protocol: 6, lifetimeS: 0 });
    expect(events[2]).toMatchObject({
      port: CONTROL.destinationPort,
      protocol: 17,
      lifetimeS: 36_000,
      difficulty: 4,
    });
    expect(events[2]!.source).toEqual(sourcePrefix(addressBytes(STRANGER4), true).words);
  });
});

describe('load', () => {
  const MINUTE = 60n * NS_PER_S;
  const LOAD = { intervalNs: MINUTE, stepNs: MINUTE, difficultyMax: 8, lifetimeMinS: 4_500n };
  const difficulty = () => gate.run(control('192.0.2.200', hello())).data[14 + 20 + 8 + 16 + 1]!;
  const prove = (salt: bigint, difficulty = 5) => {
    const { data } = gate.run(solution(`198.18.0.${salt}`, { issued: gate.wallMs(), salt, difficulty }));
    return new DataView(data.buffer, data.byteOffset + 14 + 20 + 8).getUint32(16);
  };

  test('proofs that hold make the next ones harder and their admissions shorter, within bounds', () => {
    gate.reset({ load: LOAD });
    expect(difficulty()).toBe(4);
    const lifetimes = Array.from({ length: 12 }, (_, i) => prove(BigInt(i + 1)));
    expect(lifetimes[0]).toBe(36_000);
    expect(Math.min(...lifetimes)).toBe(4_500);
    expect([...lifetimes].sort((a, b) => b - a)).toEqual(lifetimes);
    expect([7, 8]).toContain(difficulty());
  });

  test('nothing else does', () => {
    gate.reset({ load: LOAD });
    times(50, () => traffic(STRANGER4));
    times(50, () => control(STRANGER4, hello()));
    const challenge = challengeFor(STRANGER4, { issued: gate.wallMs(), salt: 1n, service: 9 });
    times(50, () =>
      control(
        STRANGER4,
        new Uint8Array([...hello().subarray(0, 16).fill(3, 5, 6), ...challenge, ...new Uint8Array(16)]),
      ),
    );
    expect(difficulty()).toBe(4);
  });

  test('it decays by itself', async () => {
    gate.reset({ load: { ...LOAD, intervalNs: 400n * NS_PER_MS, stepNs: 400n * NS_PER_MS } });
    for (let salt = 1n; salt <= 5n; salt++) prove(salt);
    expect(difficulty()).toBeGreaterThan(4);
    await sleep(2_100);
    expect(difficulty()).toBe(4);
  });
});
