import { expect, test } from 'vitest';
import { resolveOptions, resolveSettings, type SignedAuthOptions, takeOwn } from '../src/options.js';

const OPTIONS: SignedAuthOptions = {
  interface: 'eth0',
  ports: [{ port: 5000, protocol: 'udp' }],
  audience: 'service.example',
  keys: [],
};
const bad = (message: RegExp) =>
  expect.objectContaining({ code: 'ERR_BAD_OPTION', message: expect.stringMatching(message) });

test('what is not given has a default', () => {
  const { own, sizes, gate } = resolveOptions(OPTIONS);
  expect(own).toMatchObject({ freshness: 30, bindAddress: false, sessions: { lifetime: 3600, perKey: 256 } });
  expect(sizes).toEqual({ maxKeys: 256, maxSessions: 4096, tableMemory: 16 * 2 ** 20, tableWidth: 8 });
  expect(gate).toMatchObject({ interface: 'eth0', controlPort: 22306, difficulty: { min: 0, max: 0 } });
  expect(gate).not.toHaveProperty('audience');
});

test.each<[object, RegExp]>([
  [{ audience: '' }, /audience/],
  [{ audience: undefined }, /audience/],
  [{ keys: undefined }, /keys/],
  [{ freshness: 0 }, /freshness is 0/],
  [{ freshness: 1.5 }, /freshness is 1.5/],
  [{ bindAddress: 1 }, /bindAddress is 1/],
  [{ lowS: 'yes' }, /lowS is yes/],
  [{ curveBudget: { perSecond: 0, burst: 1 } }, /curveBudget.perSecond is 0/],
  [{ keyBudget: { perSecond: 1, burst: 0 } }, /keyBudget.burst is 0/],
  [{ sourceBudget: null }, /sourceBudget.perSecond is undefined/],
  [{ sessions: { lifetime: 0 } }, /sessions.lifetime is 0/],
  [{ sessions: { perKey: -1 } }, /sessions.perKey is -1/],
  [{ maxKeys: 65_537 }, /maxKeys is 65537/],
  [{ maxSessions: 2 ** 21 }, /maxSessions/],
  [{ tableMemory: -1 }, /tableMemory is -1/],
])('%o is refused by name', (changes, message) => {
  expect(() => resolveOptions({ ...OPTIONS, ...changes } as SignedAuthOptions)).toThrow(bad(message));
});

test('an update keeps what it does not name', () => {
  const { own } = resolveOptions({ ...OPTIONS, freshness: 5, sessions: { lifetime: 100 } });
  const taken = takeOwn({ lowS: true, synRate: { perSecond: 1, burst: 1 }, freshness: undefined });
  expect(taken.rest).toEqual({ synRate: { perSecond: 1, burst: 1 } });
  expect(resolveSettings(taken.own, own)).toEqual({ ...own, lowS: true });
  const sessions = { perKey: 2 } as never;
  expect(resolveSettings({ sessions }, own).sessions).toEqual({ lifetime: 100, perKey: 2 });
  expect(resolveSettings({ sessions: false }, own).sessions).toBe(false);
});
