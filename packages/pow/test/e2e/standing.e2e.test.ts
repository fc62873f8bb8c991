import { findStanding, listStanding, statsOf, takeDown } from '@cryptbpf/core';
import { expect, test } from 'vitest';
import { Lab } from './lab.js';

/* What stands pinned, seen and taken down by one who did not attach it and knows no options. */

test('a gate without a controller is listed, read, and taken down from within its namespace', async () => {
  using lab = await Lab.create();
  const { pinPath } = lab;
  expect(listStanding({ pinPath })).toEqual([]);
  const gate = await lab.attach();
  gate.close();
  expect(lab.connect()).toBe('timeout');

  const inside = <T>(action: () => T) => lab.server.run(action);
  const standing = inside(() => findStanding('pow', { pinPath }));
  const index = lab.server.indexOf('s0');
  expect(standing).toMatchObject({
    feature: 'pow',
    name: 's0',
    pinPath,
    interfaces: [{ index, name: 's0' }],
  });
  expect(statsOf(standing).DROP_NOT_ADMITTED.packets).toBeGreaterThan(0n);
  expect(() => findStanding('pow', { pinPath, name: 'eth9' })).toThrow(
    `no pow named "eth9" is pinned below ${pinPath}: there is s0`,
  );
  expect(() => findStanding('cas', { pinPath })).toThrow(`no cas is pinned below ${pinPath}`);

  const elsewhere = () => lab.client.run(() => takeDown(standing));
  expect(elsewhere).toThrow(`interface ${index} of pow is in another network namespace`);
  expect(lab.connect()).toBe('timeout');

  inside(() => takeDown(standing));
  expect(listStanding({ pinPath })).toEqual([]);
  expect(lab.connect()).toBe('open');
});
