import { expect, it } from 'vitest';
import { innerAddress, Lab } from './lab.js';

it.each(['ipv4', 'ipv6'] as const)('%s gets through an underlay of a smaller MTU', async (family) => {
  using lab = await Lab.create({ suite: 'wireguard', outer: 'ipv6' });
  lab.rekey();
  for (const { namespace } of [lab.left, lab.right]) namespace.ip('link', 'set', 'u0', 'mtu', '1400');
  const { namespace } = lab.left;
  const ping = (count: number, seconds: number) =>
    namespace.exec(
      'bash',
      '-c',
      `ping -c ${count} -W ${seconds} -i 0.2 -s 1340 ${innerAddress('right', family)} || true`,
    );
  expect(ping(2, 1)).toContain(' 0 received'); // two packets that the size was learnt by: one of either end
  expect(ping(3, 5)).toContain(' 3 received');
  for (const { dataPath } of [lab.left, lab.right]) {
    expect(dataPath.drops()).toEqual({ DROP_TUNNEL_TOO_BIG: 1n });
  }
});
