import { describe, expect, it } from 'vitest';
import { LoadGauge, SourceLimiter } from '../src/exchange/load.js';

describe('load', () => {
  it('is high from so many messages a second on, and for a second after', () => {
    const gauge = new LoadGauge(10);
    const calm = Array.from({ length: 100 }, (_, i) => gauge.isHigh(i * 101));
    expect(calm).not.toContain(true);
    const flood = Array.from({ length: 100 }, (_, i) => gauge.isHigh(20_000 + i));
    expect(flood.indexOf(true)).toBe(10);
    expect(gauge.isHigh(20_999)).toBe(true);
    expect(gauge.isHigh(23_000)).toBe(false);
  });
});

describe('the limit of a source', () => {
  const allowed = (limiter: SourceLimiter, address: string, nowMs: number, tries = 20) =>
    Array.from({ length: tries }, () => limiter.allow(address, nowMs)).filter(Boolean).length;

  it('is 5 at once and 20 a second', () => {
    const limiter = new SourceLimiter();
    expect(allowed(limiter, '192.0.2.1', 0)).toBe(5);
    expect(allowed(limiter, '192.0.2.1', 100)).toBe(2);
    let count = 0;
    for (let ms = 1000; ms < 11_000; ms += 10) if (limiter.allow('192.0.2.1', ms)) count++;
    expect(count).toBeGreaterThanOrEqual(200);
    expect(count).toBeLessThanOrEqual(205);
  });

  it('is that of an address, or of an IPv6 /64', () => {
    const limiter = new SourceLimiter();
    expect(allowed(limiter, '192.0.2.1', 0)).toBe(5);
    expect(allowed(limiter, '192.0.2.2', 0)).toBe(5);
    expect(allowed(limiter, '2001:db8::1', 0)).toBe(5);
    expect(allowed(limiter, '2001:db8:0:0:ffff::2', 0)).toBe(0);
    expect(allowed(limiter, '2001:db8::5:6:7:8', 0)).toBe(0);
    expect(allowed(limiter, '2001:db8:0:1::1', 0)).toBe(5);
    expect(allowed(limiter, '::1', 0)).toBe(5);
    expect(allowed(limiter, '::', 0)).toBe(0);
    expect(allowed(limiter, 'fe80::1%eth0', 0)).toBe(5);
    expect(allowed(limiter, 'fe80::2%eth1', 0)).toBe(0);
  });

  it('has room for 65536 sources; more wait until others are quiet', () => {
    const limiter = new SourceLimiter();
    for (let i = 0; i < 65_536; i++) limiter.allow(`10.0.${i >> 8}.${i & 255}`, 0);
    expect(limiter.allow('192.0.2.1', 0)).toBe(false);
    expect(limiter.allow('192.0.2.1', 1000)).toBe(true);
  });
});
