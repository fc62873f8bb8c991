import { findStanding, listStanding, statsOf, takeDown } from '@cryptbpf/core';
import { expect, test } from 'vitest';
import { Lab } from './lab.js';

/* What stands pinned, seen and taken down by one who did not attach it and knows no options. */

test('a gate without a controller is listed, read, and taken down, from another namespace too', async () => {
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
  if (lab.client.indexOf('c0') !== index)
    lab.client.ip('link', 'add', 'same', 'index', `${index}`, 'type', 'veth');
  const [seenElsewhere] = lab.client.run(() => listStanding({ pinPath }));
  expect(seenElsewhere).toMatchObject({ interfaces: [{ ...standing.interfaces[0], name: undefined }] });
  expect(statsOf(standing).DROP_NOT_ADMITTED.packets).toBeGreaterThan(0n);
  expect(() => findStanding('pow', { pinPath, name: 'eth9' })).toThrow(
    `no pow named "eth9" is pinned below ${pinPath}: there is s0`,
  );
  expect(() => findStanding('cas', { pinPath })).toThrow(`no cas is pinned below ${pinPath}`);

  lab.client.run(() => takeDown(standing));
  expect(listStanding({ pinPath })).toEqual([]);
  expect(lab.connect()).toBe('open');
});
