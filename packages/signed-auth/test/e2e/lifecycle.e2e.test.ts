import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testKey } from '../support/keys.js';
import { Sender, text } from '../support/packets.js';
import { KEY, Lab, PORT, packets, SERVER, settled } from './lab.js';

const OTHER = testKey(2);
const now = () => Math.floor(Date.now() / 1000);

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.create();
});
afterEach(() => lab[Symbol.dispose]());

const sign = (sender: Sender, payload: string, changes = {}) =>
  sender.sign(text(payload), { audience: 'echo.example', ...changes });

describe('a gate', () => {
  it('stays without its controller, and remembers what has come when the next one takes over', async () => {
    const first = await lab.attachAndWait({
      keys: [KEY, OTHER].map(({ id, publicKey: key }) => ({ id, key })),
    });
    await first.tablesBuilt();
    const peer = lab.socket('ipv4');
    const sender = new Sender(KEY, now);
    const signed = sign(sender, 'one');
    expect(String(await peer.ask(signed))).toBe('one');
    first.close();
    expect(String(await peer.ask(sign(sender, 'two')))).toBe('two');
    const next = await lab.attach();
    expect(next.keys()).toMatchObject([{ id: KEY.id, hasTable: true, signatures: 2n }]);
    expect(String(await peer.ask(sign(sender, 'three')))).toBe('three');
    peer.send(signed);
    peer.send(sign(new Sender(OTHER, now), 'revoked'));
    await settled(next, 'DROP_REPLAY', 1);
    await settled(next, 'DROP_KEY_UNKNOWN', 1);
    expect(lab.seen.map(String)).toEqual(['one', 'two', 'three']);
    next.detach();
    expect(String(await peer.ask(text('open again')))).toBe('open again');
  });

  it('that comes up takes nothing that was signed before', async () => {
    const early = sign(new Sender(KEY, () => now() - 1), 'recorded');
    const auth = await lab.attach();
    lab.socket('ipv4').send(early);
    await settled(auth, 'DROP_BEFORE_ATTACH', 1);
    expect(packets(auth, 'DROP_BEFORE_ATTACH')).toBe(1);
    expect(lab.seen).toEqual([]);
  });

  it('changes its settings, and tells whose packets it drops', async () => {
    const auth = await lab.attachAndWait();
    const peer = lab.socket('ipv4');
    const sender = new Sender(KEY, now);
    auth.update({ audience: 'new.example' });
    const stop = new AbortController();
    const events = auth.events({ signal: stop.signal });
    const told = events.next();
    peer.send(sign(sender, 'old'));
    expect((await told).value).toMatchObject({ reason: 'DROP_SIGNATURE', keyId: KEY.id, type: 'rejected' });
    stop.abort();
    expect(String(await peer.ask(sign(sender, 'new', { audience: 'new.example' })))).toBe('new');
    expect(() => auth.update({ freshness: 0 })).toThrow(expect.objectContaining({ code: 'ERR_BAD_OPTION' }));
    const [{ rejected, lastSeen } = {} as never] = auth.keys();
    expect(rejected).toEqual({ DROP_SIGNATURE: 1n });
    expect(Math.abs(Date.now() - lastSeen!.getTime())).toBeLessThan(10_000);
  });

  it('has no more keys than it has room for, nor two of one id', async () => {
    const auth = await lab.attach({ maxKeys: 2 });
    await auth.addKey({ id: 2, key: OTHER.publicKey });
    const third = { id: 3, key: testKey(3).publicKey };
    await expect(auth.addKey(third)).rejects.toMatchObject({ code: 'ERR_MAP_FULL' });
    await expect(auth.addKey({ ...third, id: 2 })).rejects.toMatchObject({ code: 'ERR_EXISTS' });
    auth.revokeKey(2);
    await auth.addKey(third);
    expect(auth.keys().map(({ id }) => id)).toEqual([KEY.id, 3]);
  });

  it('checks keys that have no table as well', async () => {
    const auth = await lab.attachAndWait({
      tableMemory: 600 * 1024,
      keys: [KEY, OTHER].map(({ id, publicKey: key }) => ({ id, key })),
    });
    await auth.tablesBuilt();
    expect(auth.keys().map(({ hasTable }) => hasTable)).toEqual([true, false]);
    const peer = lab.socket('ipv6');
    for (const key of [KEY, OTHER]) {
      expect(String(await peer.ask(sign(new Sender(key, now), `${key.id}`)))).toBe(`${key.id}`);
    }
  });
});

describe('a client of this package', () => {
  const run = (command: string, host: string, port: number) => lab.ask(command, host, port);

  it.each(['ipv4', 'ipv6'] as const)('signs, opens a session and talks under it, over %s', async (family) => {
    const auth = await lab.attachAndWait();
    expect(await run('talk', SERVER[family], PORT)).toEqual(['a', 'b', 'c', 'one', 'two']);
    expect(packets(auth, 'PASS_SESSION')).toBe(2);
    expect(packets(auth, 'PASS_SESSION_REQUEST')).toBe(1);
    expect(lab.seen.map(String)).toEqual(['a', 'b', 'c', 'one', 'two']);
    const [session] = auth.sessions();
    expect(session).toMatchObject({ keyId: KEY.id });
    expect(session!.lastSeen).toBeInstanceOf(Date);
    expect(auth.keys()).toMatchObject([{ sessionPackets: 2n }]);
    expect([auth.endSession(session!.id), auth.endSession(session!.id)]).toEqual([true, false]);
    expect(auth.sessions()).toEqual([]);
  });

  it('has no more sessions than its key may have', async () => {
    const auth = await lab.attachAndWait({ sessions: { perKey: 2, lifetime: 100 } });
    const opened = [];
    for (let i = 0; i < 3; i++) opened.push(await run('session', SERVER.ipv4, 22306));
    expect(opened).toMatchObject([{ lifetime: 100 }, { lifetime: 100 }, { lifetime: 100 }]);
    const ids = opened.map((session) => BigInt((session as { id: string }).id));
    expect(auth.sessions().map(({ id }) => id)).toEqual(ids.slice(1));
  });

  it('knocks, and reaches a TCP port that was shut', async () => {
    const tcp = 8080;
    const auth = await lab.attachAndWait({ ports: [{ port: tcp, protocol: 'tcp' }] });
    await lab.listen(tcp);
    expect(await lab.connect(tcp)).toBe('timeout');
    expect(await run('knock', SERVER.ipv4, 22306)).toMatchObject({ lifetime: 3600, source: '10.99.0.2' });
    expect(await lab.connect(tcp)).toBe('open');
    expect(auth.admitted()).toMatchObject([{ source: '10.99.0.2', origin: 'proof' }]);
    auth.revokeKey(KEY.id);
    expect(await run('knock', SERVER.ipv4, 22306)).toBe('ERR_SIGNED_AUTH_REJECTED');
  });

  it('gets no session where there are none', async () => {
    const auth = await lab.attachAndWait({ sessions: false });
    /* Nobody answers; a request that is sent again finds its challenge spent. */
    const refusals = ['ERR_SIGNED_AUTH_TIMEOUT', 'ERR_SIGNED_AUTH_REJECTED'];
    expect(refusals).toContain(await run('session', SERVER.ipv4, 22306));
    expect(auth.sessions()).toEqual([]);
  });
});
