import { expect, test } from 'vitest';
import { samplesOfController } from '../../src/metrics/controller.js';

const owner = { feature: 'tunnel', name: 'cb0', interface: 'eth0' };

const valuesOf = (stats: object) =>
  samplesOfController(owner, { stats: () => stats }).map(({ metric, value, labels }) => {
    const { feature: _feature, name: _name, interface: _on, ...rest } = labels;
    return [metric, value, ...Object.values(rest)];
  });

test('a peer of a tunnel has its traffic, and the age of its keys', () => {
  const peer = {
    publicKey: 'aGVsbG8=',
    endpoint: { address: '192.0.2.1', port: 51820 },
    lastHandshake: new Date(Date.now() - 30_000),
    sent: { packets: 3n, bytes: 300n },
    received: { packets: 2n, bytes: 200n },
    drops: { DROP_REPLAY: 1n },
  };
  const found = valuesOf({ mtu: 1420, peers: [peer], drops: { DROP_TUNNEL_CLEAR: 5n } });
  const age = found.find(([metric]) => metric === 'key_age_seconds');
  expect(age?.[1]).toBeGreaterThanOrEqual(30);
  expect(age?.[1]).toBeLessThan(90);
  expect(found.filter((sample) => sample !== age)).toEqual([
    ['value', 1420, 'mtu'],
    ['peer_packets_total', 3, 'aGVsbG8=', 'sent'],
    ['peer_bytes_total', 300, 'aGVsbG8=', 'sent'],
    ['peer_packets_total', 2, 'aGVsbG8=', 'received'],
    ['peer_bytes_total', 200, 'aGVsbG8=', 'received'],
    ['packets_total', 5, 'ingress', 'DROP_TUNNEL_CLEAR'],
  ]);
});

test('a peer that never answered has no age of keys', () => {
  const none = { packets: 0n, bytes: 0n };
  const peer = { publicKey: 'x', lastHandshake: undefined, sent: none, received: none };
  expect(valuesOf({ peers: [peer] }).map(([metric]) => metric)).not.toContain('key_age_seconds');
});

test('counts by reason, wherever they are, and other numbers by their path', () => {
  const stats = {
    reasons: {
      PASS_SIGNED: { packets: 7n, bytes: 700n },
      DROP_REPLAY: { packets: 0n, bytes: 0n },
      EVENT_LOST: { packets: 2n, bytes: 0n },
    },
    lost: { ring: 4 },
    file: '/var/log/x',
  };
  expect(valuesOf(stats)).toEqual([
    ['packets_total', 7, 'ingress', 'PASS_SIGNED'],
    ['bytes_total', 700, 'ingress', 'PASS_SIGNED'],
    ['packets_total', 2, 'ingress', 'EVENT_LOST'],
    ['bytes_total', 0, 'ingress', 'EVENT_LOST'],
    ['ring_lost_total', 2],
    ['value', 4, 'lost.ring'],
  ]);
});
