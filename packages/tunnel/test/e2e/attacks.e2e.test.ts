import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { RawSocket } from '../../../core/test/support/raw-socket.js';
import { replay } from '../../../signed-auth/test/support/replay.js';
import type { Suite } from '../../src/contract.js';
import { TC_REDIRECTED } from '../support/programs.js';
import { innerAddress, Lab } from './lab.js';
import { until } from './wireguard-go.js';

const SUITES: Suite[] = ['wireguard', 'aes-256-gcm'];
const PINGS = 250;
const SENDERS = 8;
const PATTERN = 'c0ffee15c0ffee15';

/** Whatever came in. */
function captured(tap: RawSocket): Buffer[] {
  const frames: Buffer[] = [];
  for (let frame = tap.receive(0); frame; frame = tap.receive(0)) frames.push(Buffer.from(frame));
  return frames;
}

function pings(lab: Lab, count: number) {
  const options = ['-c', `${count}`, '-i', '0.001', '-W', '1', '-p', PATTERN];
  return lab.left.namespace.spawn('ping', [...options, innerAddress('right', 'ipv4')], { stdio: 'ignore' });
}

describe.each(SUITES)('suite %s', (suite) => {
  it('lets each packet of a recorded stream in once, replayed by two CPUs at once', async () => {
    using lab = await Lab.create({ suite, outer: 'ipv4' });
    const sessions = lab.sessions();
    lab.left.install(sessions.left); // the right one does not know the keys yet, and takes none of them
    const tap = lab.right.namespace.openSocket('u0');
    const recorded: Buffer[] = [];
    const record = setInterval(() => recorded.push(...captured(tap)), 5);
    const senders = Array.from({ length: SENDERS }, () => pings(lab, PINGS));
    await Promise.all(senders.map((sender) => once(sender, 'exit')));
    clearInterval(record);
    const stream = [...recorded, ...captured(tap)].filter((frame) => frame[23] === 17);
    for (const frame of stream) frame.fill(0, 0, 6); // for the loopback device of whoever runs the program
    expect(stream.length).toBeGreaterThan((SENDERS * PINGS) / 4);

    lab.right.install(sessions.right);
    const before = lab.right.dataPath.drops().DROP_REPLAY ?? 0n;
    const [first, second] = await replay(lab.right.dataPath.program('tunnel_underlay'), stream);
    const accepted = stream.map(
      (_, i) => Number(first![i] === TC_REDIRECTED) + Number(second![i] === TC_REDIRECTED),
    );
    expect(accepted.filter((times) => times !== 1)).toEqual([]);
    expect(lab.right.peer.record().receivedPackets).toBe(BigInt(stream.length));
    expect((lab.right.dataPath.drops().DROP_REPLAY ?? 0n) - before).toBe(BigInt(stream.length));
  });

  it('shows nothing when its keys are too old', async () => {
    using lab = await Lab.create({ suite, outer: 'ipv4', limits: { rejectAfter: 2 } });
    const tap = lab.right.namespace.openSocket('u0');
    lab.rekey();
    const frames: Buffer[] = [];
    const ping = pings(lab, 1_000_000);
    await until(() => {
      frames.push(...captured(tap));
      return (lab.left.dataPath.drops().DROP_SESSION_EXPIRED ?? 0n) > 100n;
    });
    ping.kill('SIGKILL');
    expect(frames.length).toBeGreaterThan(10);
    expect(frames.filter((frame) => frame.includes(Buffer.from(PATTERN, 'hex')))).toEqual([]);
    /* What was sealed at the last moment may come when the keys have ended there, too. */
    const missing = lab.left.peer.record().sentPackets - lab.right.peer.record().receivedPackets;
    expect(missing).toBeGreaterThanOrEqual(0n);
    expect(missing).toBeLessThanOrEqual(lab.right.dataPath.drops().DROP_SESSION_EXPIRED ?? 0n);
  });
});
