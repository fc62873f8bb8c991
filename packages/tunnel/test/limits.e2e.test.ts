import { expect, it } from 'vitest';
import { INSIDE_THEM, INSIDE_US, inner, Programs, TC_DROPPED, TC_REDIRECTED } from './support/programs.js';

it('stops at the age and at the count at which a session ends', async () => {
  using programs = new Programs('wireguard', { rejectAfter: 3600, rejectAfterMessages: 3n });
  await programs.locate('ipv4');
  programs.install();
  const packet = inner('ipv4', 8, { ip: { source: INSIDE_US.ipv4, destination: INSIDE_THEM.ipv4 } });
  const verdicts = Array.from({ length: 5 }, () => programs.send(packet).verdict);
  expect(verdicts).toEqual([TC_REDIRECTED, TC_REDIRECTED, TC_REDIRECTED, TC_DROPPED, TC_DROPPED]);
  expect(programs.dataPath.drops()).toMatchObject({ DROP_SESSION_EXPIRED: 2n });
  expect(programs.receive(programs.packet(inner('ipv4', 8), 3n)).verdict).toBe(TC_DROPPED);

  using brief = new Programs('wireguard', { rejectAfter: 0.000001 });
  await brief.locate('ipv4');
  brief.install();
  expect(brief.send(packet).verdict).toBe(TC_DROPPED);
  expect(brief.receive(brief.packet(inner('ipv4', 8), 0n)).verdict).toBe(TC_DROPPED);
  expect(brief.dataPath.drops()).toEqual({ DROP_SESSION_EXPIRED: 2n });
});
