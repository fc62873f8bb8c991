import { PkiValidator } from '@cryptbpf/pki';
import { encodePresentation, Holder } from '@cryptbpf/pki/client';

const AUDIENCE = 'bench.example';
const SOURCE = '192.0.2.1';
const CONTROL_PORT = 22308;
const PLENTY = { perSecond: 1e9, burst: 1e9 };
const TC_ACT_SHOT = 2;

/**
 * A gate on the loopback interface that stops nobody else. The holder's signature in its packets is wrong, so that nothing is spent or
 * remembered and each run verifies all there is; and answers are limited, so that the packet stays as it is.
 */
export class BenchGate {
  #validator;
  #challenge;

  static async create(anchors, intermediates = []) {
    const gate = new BenchGate();
    gate.#validator = await PkiValidator.attach({
      ...{ interface: 'lo', ports: [{ port: 65_000, protocol: 'udp' }], audience: AUDIENCE, pin: false },
      ...{ anchors, intermediates, names: ['spiffe://bench.example/'], monitor: false },
      ...{ sourceBudget: PLENTY, curveBudget: PLENTY, answerRate: { perSecond: 0.001, burst: 1 } },
      challengeLifetime: 1700,
    });
    await gate.#validator.tablesBuilt();
    gate.#challenge = gate.#validator.challengeFor(SOURCE);
    return gate;
  }

  /** A packet that presents these, of which only the holder's signature does not hold. */
  async packet(certificates, key) {
    const holder = await Holder.create({ chain: certificates, key, audience: AUDIENCE });
    const signature = await holder.sign(this.#challenge, '192.0.2.2', certificates);
    return frame(encodePresentation(new Uint8Array(8), this.#challenge, { certificates }, signature));
  }

  /** Nanoseconds per packet, for count of them, which must all be refused for that reason. */
  run(packet, count, reason) {
    const { programs } = this.#validator.object;
    const before = this.#validator.stats()[reason].packets;
    const { durationNs, returnValue } = programs.pki.testRun({ data: packet, repeat: count });
    const refused = Number(this.#validator.stats()[reason].packets - before);
    if (returnValue !== TC_ACT_SHOT || refused !== count)
      throw new Error(`${refused} of ${count} packets were refused for ${reason}`);
    return durationNs;
  }

  close() {
    this.#validator.close();
  }
}

/** UDP over IPv4 to the control port. */
function frame(payload) {
  const bytes = Buffer.alloc(42 + payload.length);
  bytes.writeUInt16BE(0x0800, 12);
  bytes.set([0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17], 14);
  bytes.writeUInt16BE(28 + payload.length, 16);
  bytes.set(SOURCE.split('.').map(Number), 26);
  bytes.set([192, 0, 2, 9], 30);
  bytes.writeUInt16BE(40_000, 34);
  bytes.writeUInt16BE(CONTROL_PORT, 36);
  bytes.writeUInt16BE(8 + payload.length, 38);
  bytes.set(payload, 42);
  return bytes;
}
