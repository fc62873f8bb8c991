import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../src/config/config.js';
import { parseEndpoint, resolveEndpoint } from '../src/config/endpoint.js';
import type { Suite } from '../src/contract.js';
import {
  generatePresharedKey,
  generatePrivateKey,
  insecureLabKeys,
  parseKey,
  parsePublicKey,
  publicKeyOf,
} from '../src/keys.js';

const SUITES: Suite[] = ['wireguard', 'aes-256-gcm'];
const OWN = generatePrivateKey();
const PSK = generatePresharedKey();
const [PEER, OTHER] = [publicKeyOf(generatePrivateKey()), publicKeyOf(generatePrivateKey())];

const MINIMAL = `[Interface]\nPrivateKey = ${OWN}\n`;

describe('a configuration', () => {
  it('in the format of wg-quick is read in full', () => {
    const config = parseConfig(`
# of the office
[Interface]
PrivateKey = ${OWN}
Address = 10.7.0.1/24, fd07::1/64
Address = 192.0.2.1
ListenPort = 51820   # the usual one
MTU = 1400
FwMark = off
Table = auto
SaveConfig = false

[Peer]
PublicKey = ${PEER}
PresharedKey = ${PSK}
Endpoint = [2001:db8::1]:51820
AllowedIPs = 10.7.0.2/32,fd07::2
AllowedIPs = 10.8.0.0/16
PersistentKeepalive = 25

[peer]
publickey=${OTHER}
endpoint=vpn.example:1
ALLOWEDIPS=
PersistentKeepalive = off
PinEndpoint = true
`);
    expect(config).toEqual({
      suite: 'wireguard',
      privateKey: OWN,
      address: ['10.7.0.1/24', 'fd07::1/64', '192.0.2.1/32'],
      listenPort: 51820,
      mtu: 1400,
      peers: [
        {
          publicKey: PEER,
          presharedKey: PSK,
          endpoint: '[2001:db8::1]:51820',
          allowedIPs: ['10.7.0.2/32', 'fd07::2/128', '10.8.0.0/16'],
          persistentKeepalive: 25,
        },
        { publicKey: OTHER, endpoint: 'vpn.example:1', allowedIPs: [], pinEndpoint: true },
      ],
    });
  });

  it('needs a private key alone', () => {
    expect(parseConfig(MINIMAL)).toEqual({ suite: 'wireguard', privateKey: OWN, address: [], peers: [] });
    expect(parseConfig(MINIMAL.replaceAll('\n', '\r\n'))).toEqual(parseConfig(MINIMAL));
  });

  it('may be of the other suite, whose keys are of another kind', () => {
    const suite = 'aes-256-gcm';
    const own = generatePrivateKey(suite);
    const peer = publicKeyOf(generatePrivateKey(suite), suite);
    const config = parseConfig(
      `[Interface]\nSuite = AES-256-GCM\nPrivateKey = ${own}\n[Peer]\nPublicKey = ${peer}\n`,
    );
    expect(config).toMatchObject({ suite, peers: [{ publicKey: peer }] });
  });

  it.each([
    ['', 'configuration has no section [Interface]'],
    ['PrivateKey = x', 'line 1: there is no section yet: begin with [Interface]'],
    ['[Interface]', 'line 1: [Interface] has no PrivateKey'],
    ['[Server]', 'line 1: section [Server]: expected [Interface] or [Peer]'],
    [`${MINIMAL}[Interface]`, 'line 3: [Interface] is in line 1 already'],
    [`${MINIMAL}MTU 1400`, 'line 3: expected "key = value"'],
    [`${MINIMAL}Mtu = 100`, 'line 3: MTU: "100", expected an integer from 576 to 65535'],
    [`${MINIMAL}ListenPort = 1\nListenPort = 2`, 'line 4: ListenPort is in line 3 already'],
    [`${MINIMAL}ListenPort = 0x10`, 'line 3: ListenPort: "0x10", expected an integer from 0 to 65535'],
    [`${MINIMAL}Adress = 10.7.0.1`, 'line 3: [Interface] has no key "Adress"'],
    [
      `${MINIMAL}Address = 10.7.0.1/33`,
      'line 3: Address: "10.7.0.1/33", expected a prefix length of 0 to 32 behind the /',
    ],
    [`${MINIMAL}Address = 10.7.0`, 'line 3: Address: "10.7.0", expected an IPv4 or IPv6 address'],
    [
      `${MINIMAL}Address = fe80::1%eth0/64`,
      'line 3: Address: "fe80::1%eth0/64", expected an IPv4 or IPv6 address',
    ],
    [`${MINIMAL}PostUp = reboot`, 'line 3: PostUp is not supported: commands are not run; take the line out'],
    [`${MINIMAL}Table = off`, 'line 3: Table can only be auto here'],
    [`${MINIMAL}FwMark = 51820`, 'line 3: FwMark can only be off here'],
    [`${MINIMAL}Suite = rot13`, 'line 3: Suite: "rot13", expected wireguard or aes-256-gcm'],
    [`${MINIMAL}[Peer]`, 'line 3: [Peer] has no PublicKey'],
    [
      `${MINIMAL}[Peer]\nPublicKey = abc`,
      'line 4: PublicKey: public key has 3 characters: expected 32 bytes in base64, 44 characters',
    ],
    [
      `${MINIMAL}[Peer]\nPublicKey = ${PEER}\nEndpoint = 10.0.0.1`,
      'line 5: Endpoint: endpoint "10.0.0.1": expected host:port, or [IPv6 address]:port',
    ],
    [
      `${MINIMAL}[Peer]\nPublicKey = ${PEER}\nPersistentKeepalive = 1s`,
      'line 5: PersistentKeepalive: "1s", expected an integer from 0 to 65535',
    ],
    [
      `${MINIMAL}[Peer]\nPublicKey = ${PEER}\nPinEndpoint = yes`,
      'line 5: PinEndpoint: "yes", expected true or false',
    ],
    [
      `${MINIMAL}[Peer]\nPublicKey = ${PEER}\n[Peer]\nPublicKey = ${PEER}`,
      `line 5: public key ${PEER} is the one of the [Peer] in line 3 already`,
    ],
    [
      `${MINIMAL}[Peer]\nPublicKey = ${PEER}\nAllowedIPs = 10.0.0.1\n[Peer]\nPublicKey = ${OTHER}\nAllowedIPs = 10.0.0.1/32`,
      'line 6: allowed IP 10.0.0.1/32 is the one of the [Peer] in line 3 already',
    ],
    [
      `${MINIMAL}[Peer]\nPublicKey = ${publicKeyOf(OWN)}`,
      'line 3: public key of this [Peer] is the one of [Interface] itself',
    ],
    [
      `${MINIMAL}[Peer]\nPublicKey = ${Buffer.alloc(32).toString('base64')}`,
      `line 4: PublicKey: public key ${Buffer.alloc(32).toString('base64')} is none of suite wireguard: is it of the other one?`,
    ],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parseConfig(text)).toThrow(expect.objectContaining({ code: 'ERR_BAD_VALUE', message }));
  });

  it('never has a secret in its errors', () => {
    const secret = OWN.slice(0, 43);
    for (const text of [
      `[Interface]\nPrivateKey = ${secret}`,
      `[Interface]\n${secret}`,
      `${MINIMAL}[Peer]\nPublicKey = ${PEER}\nPresharedKey = ${secret}`,
    ]) {
      expect(() => parseConfig(text)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining(secret) }),
      );
    }
  });
});

describe.each(SUITES)('%s: keys', (suite) => {
  it('are 32 bytes in base64, and a public key follows from a private one', () => {
    const privateKey = generatePrivateKey(suite);
    expect(parseKey(privateKey, 'key')).toHaveLength(32);
    expect(publicKeyOf(privateKey, suite)).toBe(publicKeyOf(privateKey, suite));
    expect(parsePublicKey(publicKeyOf(privateKey, suite), suite)).toHaveLength(32);
    expect(generatePrivateKey(suite)).not.toBe(privateKey);
  });

  it('of a lab come from one secret, and fit each other', () => {
    const secret = generatePresharedKey();
    const [a, b] = [insecureLabKeys(secret, 'a', suite), insecureLabKeys(secret, 'b', suite)];
    expect(publicKeyOf(a.privateKey, suite)).toBe(b.publicKey);
    expect(publicKeyOf(b.privateKey, suite)).toBe(a.publicKey);
    expect(a.presharedKey).toBe(b.presharedKey);
    expect(new Set([a.privateKey, b.privateKey, a.presharedKey, secret]).size).toBe(4);
    expect(insecureLabKeys(generatePresharedKey(), 'a', suite).privateKey).not.toBe(a.privateKey);
  });

  it('that are none are refused', () => {
    for (const text of ['', 'A'.repeat(44), `${'A'.repeat(42)}B=`, `${'A'.repeat(43)}=\n`]) {
      expect(() => parseKey(text, 'key')).toThrow(/^key has \d+ characters: expected 32 bytes/);
    }
    const none = Buffer.alloc(32, suite === 'wireguard' ? 0 : 0xff);
    expect(() => parsePublicKey(none.toString('base64'), suite)).toThrow(/none of suite/);
  });
});

describe('keys', () => {
  it('of suite aes-256-gcm are refused where there is no such key', () => {
    const zero = Buffer.alloc(32).toString('base64');
    expect(() => publicKeyOf(zero, 'aes-256-gcm')).toThrow(
      'private key is none of suite aes-256-gcm: make one for it',
    );
  });

  it('of suite wireguard are those of wg', () => {
    for (let i = 0; i < 8; i++) {
      const privateKey = i % 2 ? generatePrivateKey() : wg('genkey');
      expect(publicKeyOf(privateKey)).toBe(wg('pubkey', privateKey));
    }
  });
});

describe('an endpoint', () => {
  it.each([
    ['192.0.2.1:51820', { address: '192.0.2.1', port: 51820 }],
    ['[2001:db8::1]:1', { address: '2001:db8::1', port: 1 }],
    ['vpn.example:65535', { address: 'vpn.example', port: 65535 }],
  ])('%s', (text, endpoint) => {
    expect(parseEndpoint(text)).toEqual(endpoint);
  });

  it.each([
    '',
    ':1',
    '192.0.2.1',
    '192.0.2.1:0',
    '192.0.2.1:65536',
    '2001:db8::1:1',
    '[192.0.2.1]:1',
    '[::1]',
    'a b',
  ])('%j is refused', (text) => {
    expect(() => parseEndpoint(text)).toThrow(/expected host:port/);
  });

  it('is resolved, unless it has no name', async () => {
    expect(await resolveEndpoint('[::1]:7')).toEqual({ address: '::1', port: 7 });
    expect((await resolveEndpoint('localhost:7')).address).toMatch(/^(::1|127\.0\.0\.1)$/);
    await expect(resolveEndpoint('nobody.invalid:7')).rejects.toThrow(/no address of nobody.invalid/);
  });
});

function wg(command: string, input = ''): string {
  return execFileSync('wg', [command], { input, encoding: 'utf8' }).trim();
}
