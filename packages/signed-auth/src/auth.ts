import {
  type Admission,
  BpfError,
  type BpfObject,
  ChainSlot,
  type EventsOptions,
  Gate,
  type GateEventRecord,
  type GateFeature,
  type ReasonName,
  tokenRate,
} from '@cryptbpf/core';
import { addressBytes } from '@cryptbpf/core/gate-client';
import { acceptRequest, parseRequest, requestHolds } from './handshake.js';
import { readPublicKey, type TrustedKey } from './keys.js';
import { audienceOf, LABELS, midstate } from './midstate.js';
import {
  type OwnSettings,
  type Resolved,
  resolveOptions,
  resolveSettings,
  type SignedAuthOptions,
  type SignedAuthSettings,
  takeOwn,
} from './options.js';
import { Served } from './served.js';
import { SessionServer } from './session-server.js';
import { type SessionInfo, Sessions } from './sessions.js';
import { openSignedAuth, type SignedAuthObject, type SignedConfig, SignedLayout } from './signed_auth.gen.js';
import { layoutOf, layoutWithin, Tables } from './tables.js';
import { Trust, type TrustedKeyInfo } from './trust.js';

const MAGIC = 0x5147beef;
const P256_LOW_S = 1;
const PROOF_BYTES = 68;
const SIGNATURE_BYTES = 64;
const REBALANCE_INTERVAL_MS = 10_000;
/** Seconds; the gate's own default. */
const DEFAULT_CHALLENGE_LIFETIME = 30;

/** Something that the gate told of. */
export interface SignedAuthEvent extends GateEventRecord {
  /** The key that a packet named, whether or not it was signed by it; undefined: it named none. */
  readonly keyId: number | undefined;
}

/** A signed challenge, as `@cryptbpf/signed-auth/client` makes it. */
export interface Knock {
  /** 32 bytes, from challengeFor(). */
  challenge: Uint8Array;
  keyId: number;
  /** r || s, 64 bytes. */
  signature: Uint8Array;
}

/** The gate's object, with tables and maps of the sizes that were asked for. */
function feature({ sizes }: Resolved): GateFeature {
  const { maxKeys, maxSessions, tableMemory, tableWidth } = sizes;
  const layout = layoutWithin(tableMemory, tableWidth, maxKeys);
  return {
    name: 'signed-auth',
    open: () => {
      const spec = openSignedAuth(new URL('./signed_auth.bpf.o', import.meta.url));
      spec.map('p256_entries').maxEntries = layout.entries;
      spec.variable('p256_widths').set(layout.widths);
      for (const name of ['keys', 'key_states', 'key_stats'] as const) spec.map(name).maxEntries = maxKeys;
      for (const name of ['sessions', 'session_states'] as const) spec.map(name).maxEntries = maxSessions;
      return spec;
    },
    program: 'signed_auth',
    hook: { kind: 'xdp', slot: ChainSlot.CHAIN_SIGNED_AUTH },
    magic: MAGIC,
  };
}

/**
 * Signed packets on one or more interfaces: UDP packets reach the protected ports when a trusted key signed them, TCP
 * ports are open to who knocked with one. Minimum kernel 6.1. Needs root, or CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON.
 *
 * ```ts
 * const auth = await SignedAuth.attach({
 *   interface: 'eth0',
 *   ports: [{ port: 5000, protocol: 'udp' }],
 *   audience: 'telemetry.example',
 *   keys: [{ id: 1, key: pem }],
 * });
 * console.log(auth.stats().PASS_SIGNED, auth.keys());
 * ```
 */
export class SignedAuth extends Gate {
  readonly #tables: Tables;
  readonly #trust: Trust;
  readonly #sessions: Sessions;
  readonly #onError: (error: Error) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #isNew: boolean;
  readonly #served = new Served();
  #own: OwnSettings;
  #controlPort: number;
  #challengeLifetime: number;
  #server: SessionServer | undefined;
  #isClosed = false;

  private constructor(resolved: Resolved) {
    for (const { key } of resolved.keys) readPublicKey(key);
    super(feature(resolved), resolved.gate);
    this.#own = resolved.own;
    this.#controlPort = resolved.gate.controlPort!;
    this.#challengeLifetime = resolved.gate.challengeLifetime ?? DEFAULT_CHALLENGE_LIFETIME;
    this.#onError = resolved.gate.onError ?? ((error) => process.emitWarning(error));
    this.#isNew = this.#signed.variables.signed_birth.layout === 0;
    try {
      this.#checkBirth(resolved.sizes.tableWidth);
      const { maps } = this.#signed;
      const layout = layoutOf(maps.p256_entries.maxEntries, resolved.sizes.tableWidth);
      this.#tables = new Tables(maps.p256_entries, layout);
      this.#trust = new Trust(maps, this.#tables);
      this.#sessions = new Sessions(maps);
      this.#configure(this.#own);
      this.#serve();
    } catch (error) {
      if (this.#isNew) super.detach();
      else super.close();
      throw error;
    }
    this.#timer = setInterval(() => void this.#trust.rebalance().catch(this.#onError), REBALANCE_INTERVAL_MS);
    this.#timer.unref();
  }

  /**
   * Brings the gate up, or takes over the one that an earlier controller left. Until this resolves, a new gate lets
   * nothing through. Throws what Gate throws; ERR_BAD_VALUE for a bad key, ERR_MAP_FULL for too many,
   * ERR_BUSY when the control port is taken.
   */
  static async attach(options: SignedAuthOptions): Promise<SignedAuth> {
    const auth = new SignedAuth(resolveOptions(options));
    try {
      await auth.#tables.writeGenerator();
      await auth.#trust.set(options.keys);
    } catch (error) {
      if (auth.#isNew) auth.detach();
      else auth.close();
      throw error;
    }
    return auth;
  }

  /** Whom the gate trusts, and what became of their packets. */
  keys(): TrustedKeyInfo[] {
    return this.#alive().list();
  }

  /**
   * Trusts one more key, at once; an old one stays until it is revoked or expires. For a key that is trusted
   * already, sets when it expires. Throws ERR_EXISTS for an id that belongs to another key, ERR_MAP_FULL, ERR_BAD_VALUE.
   */
  async addKey(key: TrustedKey): Promise<void> {
    await this.#alive().add(key);
  }

  /** From the next packet on, nothing of that key counts, its sessions neither. False: it was not trusted. */
  revokeKey(id: number): boolean {
    return this.#alive().revoke(id);
  }

  /** Resolves when all tables are built that fit; keys are checked before that, only more slowly. */
  async tablesBuilt(): Promise<void> {
    await this.#tables.built();
  }

  /** Sessions that let packets pass. */
  sessions(): SessionInfo[] {
    this.#alive();
    return this.#sessions.list();
  }

  /** Ends a session from the next packet on. False: there is none. */
  endSession(id: bigint): boolean {
    this.#alive();
    return this.#sessions.end(id);
  }

  /** Hands in the knock of a peer for whom challengeFor() gave the challenge: for clients that cannot send UDP. */
  admit(address: string, { challenge, keyId, signature }: Knock): Admission {
    if (signature.length !== SIGNATURE_BYTES) {
      throw new BpfError(
        'ERR_BAD_VALUE',
        `signature is ${signature.length} bytes, expected ${SIGNATURE_BYTES}`,
      );
    }
    const proof = new Uint8Array(PROOF_BYTES);
    new DataView(proof.buffer).setUint16(0, keyId);
    proof.set(signature, PROOF_BYTES - SIGNATURE_BYTES);
    return this.admitProof(address, challenge, proof);
  }

  override async *events(options: EventsOptions = {}): AsyncGenerator<SignedAuthEvent> {
    for await (const event of super.events(options)) {
      yield { ...event, keyId: WITH_KEY.has(event.reason) ? event.subject : undefined };
    }
  }

  /** Changes settings while packets flow; those that are not named stay. Bad ones change nothing. */
  override update(changes: Partial<SignedAuthSettings>): void {
    this.#alive();
    const { own, rest } = takeOwn(changes);
    const settings = resolveSettings(own, this.#own);
    super.update(rest);
    this.#own = settings;
    this.#challengeLifetime = (rest.challengeLifetime as number | undefined) ?? this.#challengeLifetime;
    this.#configure(settings);
    const controlPort = (rest.controlPort as number | undefined) ?? this.#controlPort;
    const isServing = this.#server !== undefined;
    if (controlPort === this.#controlPort && isServing === (settings.sessions !== false)) return;
    this.#controlPort = controlPort;
    this.#server?.close();
    this.#server = undefined;
    this.#serve();
  }

  override close(): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      clearInterval(this.#timer);
      this.#server?.close();
      this.#tables?.close();
    }
    super.close();
  }

  get #signed(): BpfObject<SignedAuthObject> {
    return this.object as unknown as BpfObject<SignedAuthObject>;
  }

  #alive(): Trust {
    void this.object;
    return this.#trust;
  }

  #checkBirth(tableWidth: number): void {
    const { variables } = this.#signed;
    const { layout, generatorWidth, keyWidth } = variables.signed_birth;
    const ours = { layout: SignedLayout.SIGNED_LAYOUT, generatorWidth: tableWidth, keyWidth: tableWidth };
    if (layout === 0) {
      variables.signed_birth = ours;
      return;
    }
    if (layout === ours.layout && generatorWidth === tableWidth && keyWidth === tableWidth) return;
    const message =
      `the gate that is up has layout ${layout} and tables of width ${keyWidth}, this one needs ` +
      `${ours.layout} and ${tableWidth}: detach it first`;
    throw new BpfError('ERR_INCOMPATIBLE', message);
  }

  /** Writes the configuration that does not count, then makes it count. */
  #configure(own: OwnSettings): void {
    const { variables } = this.#signed;
    const next = variables.signed_active ^ 1;
    const configs = variables.signed_configs;
    configs[next] = toConfig(own);
    variables.signed_configs = configs;
    variables.signed_active = next;
  }

  #serve(): void {
    if (this.#own.sessions === false) return;
    this.#server = new SessionServer(
      this.#controlPort,
      (message, source) => this.#answer(message, source),
      this.#onError,
    );
  }

  /** The program has checked it; but not all that comes to the port came through the program. */
  #answer(message: Uint8Array, address: string): Uint8Array | undefined {
    const { sessions, audience } = this.#own;
    const request = parseRequest(message);
    const key = request && this.#trust.get(request.keyId);
    if (!key || !sessions || key.expiresS * 1000n <= BigInt(Date.now())) return undefined;
    const source = addressBytes(address.replace(/%.*$/, ''));
    if (!requestHolds(request, { key: key.keyObject, audience: audienceOf(audience), source }))
      return undefined;
    if (!this.#served.take(request.message.subarray(16, 48), this.#challengeLifetime * 1000))
      return undefined;
    this.#sessions.limit(key, sessions.perKey - 1);
    const id = this.#sessions.reserve();
    if (id === undefined) return undefined;
    return this.#begin(request, key, id, sessions.lifetime);
  }

  #begin(
    request: NonNullable<ReturnType<typeof parseRequest>>,
    key: NonNullable<ReturnType<Trust['get']>>,
    id: bigint,
    lifetime: number,
  ): Uint8Array | undefined {
    try {
      const accepted = acceptRequest(request, id, lifetime);
      this.#sessions.begin(id, accepted.key, key, lifetime);
      accepted.key.fill(0);
      return accepted.message;
    } catch {
      return undefined; // its point is not on the curve
    }
  }
}

function toConfig(own: OwnSettings): SignedConfig {
  const audience = audienceOf(own.audience);
  const state = (label: string) => ({ h: midstate(label, audience) });
  return {
    packet: state(own.bindAddress ? LABELS.boundPacket : LABELS.packet),
    knock: state(LABELS.knock),
    session: state(LABELS.session),
    rates: {
      source: tokenRate(own.sourceBudget),
      key: tokenRate(own.keyBudget),
      all: tokenRate(own.curveBudget),
    },
    freshnessS: BigInt(own.freshness),
    signatureFlags: own.lowS ? P256_LOW_S : 0,
    bindAddress: own.bindAddress ? 1 : 0,
    keepTrailer: own.keepTrailer ? 1 : 0,
  };
}

/** What is dropped for these, or admitted, has named a key. */
const WITH_KEY: ReadonlySet<ReasonName> = new Set<ReasonName>([
  'ANSWER_ADMITTED',
  'DROP_PROOF',
  'DROP_KEY_UNKNOWN',
  'DROP_KEY_EXPIRED',
  'DROP_TIME',
  'DROP_BEFORE_ATTACH',
  'DROP_REPLAY',
  'DROP_INSTANCES_FULL',
  'DROP_SOURCE_BUDGET',
  'DROP_KEY_BUDGET',
  'DROP_CURVE_BUDGET',
  'DROP_COOKIE',
  'DROP_SIGNATURE',
  'DROP_SESSION_EXPIRED',
  'DROP_SESSION_TAG',
]);
