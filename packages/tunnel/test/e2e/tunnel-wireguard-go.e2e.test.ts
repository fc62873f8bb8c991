import { describe, expect, it } from 'vitest';
import { Netns } from '../../../core/test/support/netns.js';
import { generatePresharedKey, generatePrivateKey, publicKeyOf } from '../../src/keys.js';
import { TunnelEnd } from './tunnel-end.js';
import { until, WireguardGo } from './wireguard-go.js';

/*
 *   ours                                theirs: wireguard-go
 *   cb0 10.78.0.1, fd78::1              wg… 10.78.0.2, fd78::2        inside
 *   u0  10.98.0.1, fd98::1 ------------ u0  10.98.0.2, fd98::2        underlay
 */

type Family = 'ipv4' | 'ipv6';
const FAMILIES: Family[] = ['ipv4', 'ipv6'];
const OUTER = {
  ipv4: { ours: '10.98.0.1', theirs: '10.98.0.2' },
  ipv6: { ours: '[fd98::1]', theirs: '[fd98::2]' },
};
const INNER = {
  ipv4: { ours: '10.78.0.1', theirs: '10.78.0.2' },
  ipv6: { ours: 'fd78::1', theirs: 'fd78::2' },
};
const OUR_KEY = generatePrivateKey();
const THEIR_KEY = generatePrivateKey();
const PORT = 51820;
const PSK = generatePresharedKey();

interface LabOptions {
  readonly family?: Family;
  readonly presharedKey?: string;
  /** Of ours. Default true. */
  readonly knowsEndpoint?: boolean;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly peer?: Readonly<Record<string, unknown>>;
}

class Lab implements Disposable {
  readonly ours = Netns.create();
  readonly theirs = Netns.create();
  tunnel!: TunnelEnd;
  wireguard!: WireguardGo;
  readonly #options: LabOptions;

  private constructor(options: LabOptions) {
    this.#options = options;
    Netns.addVeth(this.ours, this.theirs, ['u0', 'u0']);
    for (const [i, namespace] of [this.ours, this.theirs].entries()) {
      namespace.addAddress('u0', `10.98.0.${i + 1}/24`);
      namespace.addAddress('u0', `fd98::${i + 1}/64`);
    }
  }

  static async create(options: LabOptions = {}): Promise<Lab> {
    const lab = new Lab(options);
    lab.wireguard = await WireguardGo.start(lab.theirs, THEIR_KEY, '10.78.0.2/24', 'fd78::2/64');
    await lab.up();
    lab.meet();
    return lab;
  }

  async up(): Promise<void> {
    const { family = 'ipv4', presharedKey, knowsEndpoint = true, options, peer } = this.#options;
    this.tunnel = await TunnelEnd.up(this.ours, {
      name: 'cb0',
      address: ['10.78.0.1/24', 'fd78::1/64'],
      privateKey: OUR_KEY,
      listenPort: PORT,
      peers: [
        {
          publicKey: publicKeyOf(THEIR_KEY),
          allowedIPs: ['10.78.0.2/32', 'fd78::2/128'],
          ...(knowsEndpoint ? { endpoint: `${OUTER[family].theirs}:${this.wireguard.port}` } : {}),
          ...(presharedKey ? { presharedKey } : {}),
          ...peer,
        },
      ],
      ...options,
    });
  }

  /** They learn who we are. */
  meet(): void {
    const { family = 'ipv4', presharedKey } = this.#options;
    this.wireguard.addPeer({
      publicKey: publicKeyOf(OUR_KEY),
      allowedIPs: '10.78.0.1/32, fd78::1/128',
      endpoint: `${OUTER[family].ours}:${PORT}`,
      ...(presharedKey ? { presharedKey } : {}),
    });
  }

  /** Until one is answered; what is tested is that it works, not how fast. */
  async ping(from: Netns, address: string): Promise<void> {
    await until(() => answered(from, address));
  }

  async pingBothWays(): Promise<void> {
    for (const family of FAMILIES) {
      await this.ping(this.ours, INNER[family].theirs);
      await this.ping(this.theirs, INNER[family].ours);
    }
  }

  [Symbol.dispose](): void {
    this.tunnel?.[Symbol.dispose]();
    this.ours[Symbol.dispose]();
    this.theirs[Symbol.dispose]();
  }
}

function answered(from: Netns, address: string): boolean {
  try {
    from.exec('ping', '-c', '1', '-W', '0.5', address);
    return true;
  } catch {
    return false;
  }
}

describe('a tunnel to wireguard-go', () => {
  describe.each(FAMILIES)('over %s', (family) => {
    it.each([
      ['with a preshared key', { family, presharedKey: PSK }],
      ['without one', { family }],
    ])('is begun by us, %s', async (_, options) => {
      using lab = await Lab.create(options);
      await lab.ping(lab.ours, INNER.ipv4.theirs);
      await lab.pingBothWays();
      expect((await lab.tunnel.stats()).handshakes).toEqual({ finished: 1 });
    });

    it.each([
      ['with a preshared key', { family, presharedKey: PSK, knowsEndpoint: false }],
      ['without one', { family, knowsEndpoint: false }],
    ])('is begun by it, %s', async (_, options) => {
      using lab = await Lab.create(options);
      await lab.ping(lab.theirs, INNER.ipv4.ours);
      await lab.pingBothWays();
      expect((await lab.tunnel.stats()).handshakes).toEqual({ answered: 1 });
    });
  });

  it('carries TCP and UDP both ways', async () => {
    using lab = await Lab.create();
    await lab.pingBothWays();
    lab.theirs.spawn('iperf3', ['-s'], { stdio: 'ignore' });
    await until(() => lab.theirs.exec('ss', '-Hltn', 'sport = :5201').trim() !== '');
    for (const direction of [[], ['-R']]) {
      for (const protocol of [[], ['-u', '-b', '20M']]) {
        const sent = iperf(lab.ours, [INNER.ipv6.theirs, '-n', '1M', ...direction, ...protocol]);
        expect(sent).toBeGreaterThan(100_000);
      }
    }
  });

  it('renews its keys many times without a lost packet', async () => {
    using lab = await Lab.create({ options: { rekeyAfter: 0.5 } });
    await lab.pingBothWays();
    const before = (await lab.tunnel.stats()).handshakes.finished!;
    const said = lab.ours.exec('ping', '-c', '120', '-i', '0.02', '-W', '5', INNER.ipv4.theirs);
    expect(said).toContain('120 received');
    expect((await lab.tunnel.stats()).handshakes.finished! - before).toBeGreaterThanOrEqual(3);
  });

  it('goes on when it moves', async () => {
    using lab = await Lab.create();
    await lab.pingBothWays();
    lab.wireguard.listen(PORT + 7);
    await lab.ping(lab.theirs, INNER.ipv4.ours);
    const { peers, handshakes } = await lab.tunnel.stats();
    expect(peers[0]!.endpoint).toEqual({ address: '10.98.0.2', port: PORT + 7 });
    expect(handshakes).toEqual({ finished: 1 });
    await lab.pingBothWays();
  });

  it('goes on when we move', async () => {
    using lab = await Lab.create();
    await lab.pingBothWays();
    lab.ours.ip('address', 'delete', '10.98.0.1/24', 'dev', 'u0');
    lab.ours.addAddress('u0', '10.98.0.8/24');
    await until(() => {
      answered(lab.ours, INNER.ipv4.theirs);
      return lab.wireguard.peer(publicKeyOf(OUR_KEY)).endpoint === `10.98.0.8:${PORT}`;
    });
    await lab.pingBothWays();
  });

  it('comes back after a restart of ours', async () => {
    using lab = await Lab.create();
    await lab.pingBothWays();
    await lab.tunnel.down();
    expect(answered(lab.theirs, INNER.ipv4.ours)).toBe(false);
    await lab.up();
    await lab.pingBothWays();
  });

  it('comes back after a restart of it', async () => {
    using lab = await Lab.create();
    await lab.pingBothWays();
    await lab.wireguard.restart();
    lab.meet();
    await lab.ping(lab.theirs, INNER.ipv4.ours);
    await lab.pingBothWays();
  });

  it('sends keepalives when it is told to', async () => {
    using lab = await Lab.create({ peer: { persistentKeepalive: 1 } });
    const theirs = () => lab.wireguard.peer(publicKeyOf(OUR_KEY));
    await until(() => theirs().handshakeSeconds > 0);
    const { received } = theirs();
    await until(() => theirs().received >= received + 2 * 32);
  });
});

/** Bytes that came through. */
function iperf(namespace: Netns, options: readonly string[]): number {
  const report = JSON.parse(namespace.exec('iperf3', '-J', '-c', ...options)) as {
    end: { sum_received?: { bytes: number }; sum: { bytes: number; lost_percent: number } };
  };
  return report.end.sum_received?.bytes ?? report.end.sum.bytes;
}
