import { once } from 'node:events';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { XdpChain } from '../../src/index.js';
import { startChild } from '../support/children.js';
import { Netns } from '../support/netns.js';
import { objectUrl } from '../support/objects.js';

const PIN_PATH = `/sys/fs/bpf/cryptbpf-chain-start-${process.pid}`;
/** Where the children's scripts are built, beside which they look for the dispatcher. */
const CHILDREN = fileURLToPath(new URL('../../../../build/core/test/children', import.meta.url));

let server: Netns;
beforeEach(() => {
  server = Netns.create();
  Netns.addVeth(server, server, ['c0', 's0']);
});
afterEach(() => {
  server[Symbol.dispose]();
  rmSync(PIN_PATH, { recursive: true, force: true });
});

it('a chain is made once by processes that come at the same moment, and has the programs of all', async () => {
  mkdirSync(CHILDREN, { recursive: true });
  copyFileSync(fileURLToPath(objectUrl('dispatcher')), `${CHILDREN}/dispatcher.bpf.o`);
  const slots = [1, 2, 3, 4, 5, 6];
  const under = ['nsenter', `--net=/run/netns/${server.name}`];
  const children = await Promise.all(
    slots.map((slot) => startChild('join', { args: ['s0', PIN_PATH, String(slot)], under })),
  );
  const exits = children.map((child) => once(child, 'exit'));
  for (const child of children) child.stdin!.write('join\n');
  expect((await Promise.all(exits)).map(([code]) => code)).toEqual(slots.map(() => 0));
  const chain = server.own(server.run(() => XdpChain.open('s0', { pinPath: PIN_PATH })));
  expect(slots.filter((slot) => chain.has(slot))).toEqual(slots);
});
