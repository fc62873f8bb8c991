import { randomBytes } from 'node:crypto';
import {
  type Admission,
  type AdmittedSource,
  BpfError,
  type BpfObject,
  bootTimeNs,
  type EventsOptions,
  Gate,
  type GateEventRecord,
  type GateFeature,
  type ReasonName,
  tokenRate,
} from '@cryptbpf/core';
import { sha256State } from '@cryptbpf/core/crypto';
import { addressBytes, formatAddress, reasonName } from '@cryptbpf/core/gate-client';
import { Authorities, type Placed, tableLayout, toId } from './authorities.js';
import { type Policy, type Verified, verifyChain } from './chain.js';
import { LABEL } from './client/holder.js';
import {
  encodeProof,
  LONGEST_MESSAGE,
  MAGIC,
  MOST_CERTIFICATES,
  messageLength,
  SHORTEST_PROOF,
  SIGNATURE_LENGTH,
} from './client/message.js';
import { writeRules } from './names.js';
import {
  type OwnSettings,
  type PkiOptions,
  type PkiSettings,
  type Resolved,
  resolveOptions,
  resolveSettings,
  rulesOf,
  takeOwn,
} from './options.js';
import {
  openPki,
  type PkiConfig,
  type PkiGrant,
  PkiLayout,
  PkiNameKind,
  type PkiObject,
  type PkiVoucher,
  Reason,
} from './pki.gen.js';
import { type CertificateSource, filesOf, readSources, stampOf } from './sources.js';
import { isNamedBy, nameDigest, readCertificateOf, resolveTrust } from './trust.js';
import { Refusal } from './x509/der.js';

const TABLE_WIDTH = 8;
const SHOWN_BYTES = 128;
/** The leaf's, and those of issuers. */
const KEYS = 1 + MOST_CERTIFICATES;
const VOUCHER = 3;
/** The fixed part of a proof, all of zeros but for its kind. */
const VOUCHER_PROOF = Uint8Array.of(VOUCHER, ...new Uint8Array(SHORTEST_PROOF - 1));
/** What the kernel says of algorithms and keys that are not its own. */
const NOT_UNDERSTOOD: ReadonlySet<ReasonName> = new Set<ReasonName>([
  'DROP_CERT_ALGORITHM',
  'DROP_CERT_ALGORITHMS',
  'DROP_CERT_KEY',
  'DROP_CERT_SIGNATURE_FORMAT',
]);
const WATCH_INTERVAL_MS = 250;

/** The certificate that an admission rests on. */
export interface AdmittedCertificate {
  /** Subject of the authority that the chain ends at. */
  readonly authority: string;
  /** Of the certificate that this authority issued: the leaf's, or its intermediate's. Hexadecimal. */
  readonly serial: string;
  /** The subject alternative name that let it in, up to 128 bytes of it; undefined: it has none, and needs none. */
  readonly name: string | undefined;
  /** Identifier of the leaf's key, in hexadecimal; undefined: its certificate has none. */
  readonly subjectKeyId: string | undefined;
}

/** A certificate by who issued it: subject of the authority, and number in hexadecimal. */
export type IssuedCertificate = Pick<AdmittedCertificate, 'authority' | 'serial'>;

/** A key by its identifier, in hexadecimal as certificates show it, with colons or without. */
export interface SubjectKey {
  readonly subjectKeyId: string;
}

/** A source that may reach the protected ports. */
export interface AdmittedHolder extends AdmittedSource {
  readonly certificate: AdmittedCertificate | undefined;
}

/** Something that the gate told of. */
export interface PkiEvent extends GateEventRecord {
  /** Whose it was, when admitted. Names of certificates that were refused are anybody's invention, and not told. */
  readonly certificate: AdmittedCertificate | undefined;
}

/** Whom the gate trusts. */
export interface AuthorityInfo {
  readonly subject: string;
  /** Of it, and of those above it. */
  readonly notAfter: Date;
  /** Until when its list of revoked certificates is good; undefined: it has none. */
  readonly crlUntil: Date | undefined;
  readonly revoked: number;
  readonly hasTable: boolean;
}

/** What a holder presents: certificates and a signature, as `Holder.present` makes them. */
export interface Presentation {
  /** DER, the leaf first; at most three for the kernel. */
  readonly certificates: readonly Uint8Array[];
  /** r || s, 64 bytes; for others than P-256 as `Holder` makes it. */
  readonly signature: Uint8Array;
}

function feature({ sizes }: Resolved): GateFeature {
  return {
    name: 'pki',
    open: () => {
      const spec = openPki(new URL('./pki.bpf.o', import.meta.url));
      const layout = tableLayout(sizes.maxAuthorities, TABLE_WIDTH);
      spec.map('p256_entries').maxEntries = layout.entries;
      spec.variable('p256_widths').set(layout.widths);
      for (const name of ['authorities', 'authority_places'] as const)
        spec.map(name).maxEntries = sizes.maxAuthorities;
      spec.map('revoked').maxEntries = sizes.maxRevoked;
      spec.map('name_rules').maxEntries = sizes.maxNames;
      return spec;
    },
    program: 'pki',
    hook: { kind: 'tc' },
    magic: MAGIC,
  };
}

/**
 * Certificates on one or more interfaces: a source reaches the protected ports after it has presented an X.509 chain up
 * to a CA of the operator's, and proved that it has the key. Minimum kernel 6.1. Needs root, or CAP_BPF, CAP_NET_ADMIN
 * and CAP_PERFMON.
 *
 * ```ts
 * const validator = await PkiValidator.attach({
 *   interface: 'eth0',
 *   ports: [5432],
 *   audience: 'db.example',
 *   anchors: ['/etc/pki/root.pem'],
 *   crls: ['/etc/pki/root.crl'],
 *   names: ['spiffe://example.org/ns/prod/'],
 * });
 * console.log(validator.stats().ANSWER_ADMITTED, validator.admitted());
 * ```
 */
export class PkiValidator extends Gate {
  readonly #authorities: Authorities;
  readonly #onError: (error: Error) => void;
  readonly #isNew: boolean;
  readonly #timer: NodeJS.Timeout;
  #own: OwnSettings;
  #stamp = '';
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(resolved: Resolved) {
    super(feature(resolved), resolved.gate);
    this.#own = resolved.own;
    this.#onError = resolved.gate.onError ?? ((error) => process.emitWarning(error));
    this.#isNew = this.#pki.variables.pki_birth.layout === 0;
    try {
      this.#checkBirth();
      this.#authorities = new Authorities(this.#pki, TABLE_WIDTH);
    } catch (error) {
      this.#giveUp();
      throw error;
    }
    this.#timer = setInterval(() => this.#watch(), WATCH_INTERVAL_MS);
    this.#timer.unref();
  }

  /**
   * Brings the gate up, or takes over the one that an earlier controller left. Until this resolves, a new gate lets
   * nothing through. Throws what Gate throws; ERR_BAD_VALUE for certificates, lists or rules that cannot be used,
   * ERR_NOT_FOUND for a file that is not there, ERR_MAP_FULL.
   */
  static async attach(options: PkiOptions): Promise<PkiValidator> {
    const resolved = resolveOptions(options);
    readTrust(resolved.own);
    const validator = new PkiValidator(resolved);
    try {
      await validator.#authorities.writeGenerator();
      await validator.#apply(resolved.own);
    } catch (error) {
      validator.#giveUp();
      throw error;
    }
    return validator;
  }

  /** Whom the gate trusts. */
  authorities(): AuthorityInfo[] {
    void this.object;
    return this.#authorities.placed.map(({ certificate, notAfter, crl, hasTable }) => ({
      subject: certificate.subject.text,
      notAfter: new Date(notAfter * 1000),
      crlUntil: crl && new Date(crl.nextUpdate * 1000),
      revoked: crl?.serials.length ?? 0,
      hasTable,
    }));
  }

  /** Resolves when the tables of all authorities are built: signatures are verified before that, only more slowly. */
  async tablesBuilt(): Promise<void> {
    await this.#authorities.tablesBuilt();
  }

  /** Who is admitted, and by which certificate. */
  override admitted(): AdmittedHolder[] {
    const now = bootTimeNs();
    const grants = new Map(
      this.#pki.maps.grants.getBatch().map(([source, grant]) => [sourceKey(source), grant] as const),
    );
    return super.admitted().flatMap((admitted) => {
      const grant = grants.get(textKey(admitted.source));
      if (!grant || grant.expiresNs <= now) return [];
      const expiresIn = Number(grant.expiresNs - now) / 1e9;
      return [{ ...admitted, expiresIn, certificate: this.#certificateOf(grant) }];
    });
  }

  override async *events(options: EventsOptions = {}): AsyncGenerator<PkiEvent> {
    for await (const event of super.events(options)) {
      const isAdmitted = event.reason === 'ANSWER_ADMITTED';
      const certificate = isAdmitted
        ? this.admitted().find(({ source }) => isWithin(event.source, source))?.certificate
        : undefined;
      yield { ...event, certificate };
    }
  }

  /**
   * Hands in what a holder presents for whom challengeFor() gave the challenge: for clients that cannot send UDP, and,
   * with `otherAlgorithms`, for chains that the kernel does not verify.
   */
  admit(address: string, challenge: Uint8Array, presentation: Presentation): Admission {
    const { certificates, signature } = presentation;
    const fits =
      signature.length === SIGNATURE_LENGTH &&
      certificates.length <= MOST_CERTIFICATES &&
      messageLength({ certificates }) <= LONGEST_MESSAGE;
    if (!fits && !this.#own.otherAlgorithms) {
      const message = `a chain of ${certificates.length} certificates and a signature of ${signature.length} bytes do not fit a message`;
      throw new BpfError('ERR_BAD_VALUE', `${message}: set otherAlgorithms to have them verified here`);
    }
    const admission = fits
      ? this.admitProof(address, challenge, encodeProof({ certificates }, signature))
      : undefined;
    if (admission && !(this.#own.otherAlgorithms && NOT_UNDERSTOOD.has(admission.reason))) return admission;
    return this.#admitHere(address, challenge, presentation);
  }

  /**
   * Changes settings while packets flow; those that are not named stay. Bad ones change nothing. Who was admitted stays,
   * unless its authority or a rule of `names` is taken away.
   */
  override async update(changes: Partial<PkiSettings>): Promise<void> {
    const { own, rest } = takeOwn(changes);
    const settings = resolveSettings(own, this.#own);
    readTrust(settings);
    super.update(rest);
    await this.#queue(() => this.#apply(settings));
  }

  /**
   * Takes out, from the next packet on and with open connections, whatever lists say now or later:
   * - a certificate that an anchor or an intermediate issued, or what admitted() says of one, with who was let in by a
   *   certificate below it; a chain stands for its first certificate;
   * - or, as `{ subjectKeyId }`, a key: of a holder or of a CA, in whatever certificate. CAs whose receipts a client used
   *   count when he presents himself, and not after.
   *
   * The gate remembers it, over the ends of controllers: a certificate for as long as its authority is named. Throws
   * ERR_NOT_FOUND when no authority issued it, ERR_BAD_VALUE, ERR_MAP_FULL.
   */
  revokeCertificate(given: CertificateSource | IssuedCertificate | SubjectKey): void {
    void this.object;
    if (isSubjectKey(given)) {
      this.#authorities.revokeKey(keyIdOf(given));
      return;
    }
    const { authorities, serial } = this.#issued(given);
    for (const authority of authorities) this.#authorities.revoke(authority, serial);
  }

  /** Takes that back: lists decide again. False: it was not revoked by revokeCertificate(). Throws likewise. */
  unrevokeCertificate(given: CertificateSource | IssuedCertificate | SubjectKey): boolean {
    void this.object;
    if (isSubjectKey(given)) return this.#authorities.unrevokeKey(keyIdOf(given));
    const { authorities, serial } = this.#issued(given);
    return authorities.map((authority) => this.#authorities.unrevoke(authority, serial)).includes(true);
  }

  /** Reads files and lists again, now: it happens by itself when they change. Throws what attach() throws. */
  async reload(): Promise<void> {
    await this.#queue(() => this.#apply(this.#own));
  }

  override close(): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      clearInterval(this.#timer);
      this.#authorities?.close();
    }
    super.close();
  }

  get #pki(): BpfObject<PkiObject> {
    return this.object as unknown as BpfObject<PkiObject>;
  }

  #giveUp(): void {
    if (this.#isNew) this.detach();
    else this.close();
  }

  #checkBirth(): void {
    const { variables } = this.#pki;
    const { layout, keyWidth, generatorWidth, nextId } = variables.pki_birth;
    const ours = { layout: PkiLayout.PKI_LAYOUT, generatorWidth: TABLE_WIDTH, keyWidth: TABLE_WIDTH };
    if (layout === 0) {
      variables.pki_birth = { ...ours, nextId: 1 };
      return;
    }
    if (layout === ours.layout && keyWidth === TABLE_WIDTH && generatorWidth === TABLE_WIDTH && nextId > 0)
      return;
    const message = `the gate that is up has layout ${layout}, this one needs ${ours.layout}: detach it first`;
    throw new BpfError('ERR_INCOMPATIBLE', message);
  }

  /** One after the other: files change while settings do. */
  #queue(task: () => Promise<void>): Promise<void> {
    const result = this.#work.then(task);
    this.#work = result.catch(() => {});
    return result;
  }

  /** Whom to trust before whom to let in: nobody comes in by a rule that is about to change. */
  async #apply(own: OwnSettings): Promise<void> {
    const stamp = stampOf(watched(own));
    const trust = readTrust(own);
    await this.#authorities.set(trust);
    const isNarrower = writeRules(this.#pki.maps.name_rules, rulesOf(own));
    this.#configure(own, isNarrower);
    this.#own = own;
    this.#stamp = stamp;
  }

  /** Writes the configuration that does not count, then makes it count. */
  #configure(own: OwnSettings, isNarrower: boolean): void {
    const { variables } = this.#pki;
    const configs = variables.pki_configs;
    const old = configs[variables.pki_active & 1]!;
    const next = variables.pki_active ^ 1;
    const wasAny = old.anyName === 1 && own.names !== 'any';
    configs[next] = toConfig(own, old, isNarrower || wasAny);
    variables.pki_configs = configs;
    variables.pki_active = next;
  }

  #watch(): void {
    const files = watched(this.#own);
    if (files.length === 0 || stampOf(files) === this.#stamp) return;
    this.#queue(async () => {
      if (this.#isClosed || stampOf(watched(this.#own)) === this.#stamp) return;
      this.#stamp = stampOf(watched(this.#own));
      await this.#apply(this.#own);
    }).catch(this.#onError);
  }

  /** Verifies the chain here; the rest of the exchange is the program's, which looks for this voucher. */
  #admitHere(address: string, challenge: Uint8Array, { certificates, signature }: Presentation): Admission {
    const source = addressBytes(address);
    const { maps } = this.#pki;
    const salt = new DataView(challenge.buffer, challenge.byteOffset, challenge.byteLength);
    const key = { salt: salt.getBigUint64(16, true), tag: salt.getBigUint64(24, true) };
    try {
      const verified = verifyChain({ certificates, signature, challenge, source }, this.#policy());
      if (verified.keys.some((id) => id && this.#authorities.isKeyRevoked(id)))
        throw new Refusal(Reason.DROP_CERT_REVOKED);
      maps.vouchers.set(key, toVoucher(verified));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { admitted: false, reason: reasonName(error.reason) as ReasonName, lifetime: 0, renewAfter: 0 };
    }
    try {
      return this.admitProof(address, challenge, VOUCHER_PROOF);
    } finally {
      maps.vouchers.delete(key);
    }
  }

  /** By whom a certificate was issued, and its number there. */
  #issued(given: CertificateSource | IssuedCertificate): { authorities: Placed[]; serial: Uint8Array } {
    const { title, serial, isIssuer } = issuedOf(given);
    const { placed } = this.#authorities;
    const authorities = placed.filter(isIssuer);
    if (authorities.length === 0) {
      const message = `${title} was issued by none of the anchors and intermediates: revoke the CA above it, or name that as an intermediate`;
      throw new BpfError('ERR_NOT_FOUND', message);
    }
    const isOwn = ({ certificate }: Placed) =>
      Buffer.compare(certificate.serial, serial) === 0 &&
      authorities.some((issuer) => isNamedBy(certificate, issuer));
    if (!placed.some(isOwn)) return { authorities, serial };
    throw new BpfError('ERR_BAD_VALUE', `${title} is a CA that the gate trusts: leave it out, by update()`);
  }

  #policy(): Policy<Placed> {
    const { names, crls, requireCrl, audience } = this.#own;
    return {
      authorities: this.#authorities.placed,
      rules: names === 'any' ? undefined : rulesOf(this.#own),
      requireCrl: requireCrl ?? crls.length > 0,
      audience: nameDigest(Buffer.from(audience)),
      nowS: Math.floor(Date.now() / 1000),
      strict: false,
    };
  }

  #certificateOf({ basis, shown: { kind, length, bytes }, keys }: PkiGrant): AdmittedCertificate {
    const authority = this.#authorities.placed.find(({ id }) => id === basis.id);
    return {
      authority: authority?.certificate.subject.text ?? '',
      serial: showId(basis.serial) ?? '',
      name: showName(kind, bytes.subarray(0, length)),
      subjectKeyId: showId(keys.id[0]!),
    };
  }
}

function issuedOf(given: CertificateSource | IssuedCertificate) {
  if (typeof given === 'object' && 'serial' in given && 'authority' in given) {
    const { authority, serial } = given;
    return {
      title: `certificate ${serial}`,
      serial: serialOf(serial),
      isIssuer: ({ certificate }: Placed) => certificate.subject.text === authority,
    };
  }
  const [first] = readSources([given], 'CERTIFICATE');
  const certificate = readCertificateOf(first!);
  return {
    title: `certificate "${certificate.subject.text}"`,
    serial: certificate.serial,
    isIssuer: (authority: Placed) => isNamedBy(certificate, authority),
  };
}

function serialOf(text: string): Uint8Array {
  if (/^([0-9a-f]{2}){1,32}$/i.test(text)) return new Uint8Array(Buffer.from(text, 'hex'));
  throw new BpfError('ERR_BAD_VALUE', `serial is "${text}", expected 1 to 32 bytes in hexadecimal`);
}

function isSubjectKey(given: CertificateSource | IssuedCertificate | SubjectKey): given is SubjectKey {
  return typeof given === 'object' && 'subjectKeyId' in given && !('serial' in given);
}

function keyIdOf({ subjectKeyId }: SubjectKey): Uint8Array {
  const text = subjectKeyId.replaceAll(':', '');
  if (/^([0-9a-f]{2}){1,32}$/i.test(text)) return new Uint8Array(Buffer.from(text, 'hex'));
  throw new BpfError(
    'ERR_BAD_VALUE',
    `subjectKeyId is "${subjectKeyId}", expected 1 to 32 bytes in hexadecimal`,
  );
}

function readTrust(own: OwnSettings) {
  const sources = {
    anchors: readSources(own.anchors, 'CERTIFICATE'),
    intermediates: readSources(own.intermediates, 'CERTIFICATE'),
    crls: readSources(own.crls, 'X509 CRL'),
  };
  const authorities = resolveTrust(sources, Math.floor(Date.now() / 1000));
  if (own.otherAlgorithms) return authorities;
  const foreign = authorities.find(({ certificate }) => !certificate.point);
  if (!foreign) return authorities;
  const message = `certificate "${foreign.certificate.subject.text}" has another key than P-256, which the kernel does not verify with: set otherAlgorithms`;
  throw new BpfError('ERR_BAD_VALUE', message);
}

function watched(own: OwnSettings): (string | URL)[] {
  return filesOf([...own.anchors, ...own.intermediates, ...own.crls]);
}

function toConfig(own: OwnSettings, old: PkiConfig, isNarrower: boolean): PkiConfig {
  const isFirst = old.rules === 0;
  return {
    transcript: { h: sha256State(label(), nameDigest(Buffer.from(own.audience))) },
    receiptKey: isFirst ? randomKey() : old.receiptKey,
    sourceRate: tokenRate(own.sourceBudget),
    allRate: tokenRate(own.curveBudget),
    rules: isFirst || isNarrower ? old.rules + 1 : old.rules,
    anyName: own.names === 'any' ? 1 : 0,
    crlRequired: (own.requireCrl ?? own.crls.length > 0) ? 1 : 0,
  };
}

function toVoucher({ authority, serial, notAfter, shown, keys }: Verified<Placed>): PkiVoucher {
  const padded = (bytes: Uint8Array, length: number) => {
    const all = new Uint8Array(length);
    all.set(bytes.subarray(0, length));
    return all;
  };
  const { kind, bytes } = shown ?? { kind: PkiNameKind.PKI_NAME_NONE, bytes: new Uint8Array() };
  return {
    basis: {
      place: authority.place,
      id: authority.id,
      serial: { bytes: padded(serial, 32), length: serial.length },
    },
    notAfterS: BigInt(notAfter),
    shown: { kind, length: Math.min(bytes.length, SHOWN_BYTES), bytes: padded(bytes, SHOWN_BYTES) },
    keys: { id: Array.from({ length: KEYS }, (_, i) => toId(keys[i] ?? new Uint8Array())) },
  };
}

/** What signatures of holders begin with: 32 bytes. */
function label(): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes.set(Buffer.from(LABEL));
  return bytes;
}

function randomKey(): { k0: bigint; k1: bigint } {
  const bytes = randomBytes(16);
  const key = { k0: bytes.readBigUInt64LE(0), k1: bytes.readBigUInt64LE(8) };
  bytes.fill(0);
  return key;
}

function showId({ bytes, length }: { bytes: Uint8Array; length: number }): string | undefined {
  return length === 0 ? undefined : Buffer.from(bytes.subarray(0, length)).toString('hex');
}

function showName(kind: number, bytes: Uint8Array): string | undefined {
  if (kind === PkiNameKind.PKI_NAME_NONE) return undefined;
  if (kind === PkiNameKind.PKI_NAME_DNS || kind === PkiNameKind.PKI_NAME_URI)
    return Buffer.from(bytes).toString('latin1');
  const address = new Uint8Array(16);
  if (bytes.length === 4) address.set([0xff, 0xff], 10);
  address.set(bytes, 16 - bytes.length);
  return formatAddress(address);
}

function sourceKey({ high, low }: { high: bigint; low: bigint }): string {
  return `${high}/${low}`;
}

function textKey(source: string): string {
  const bytes = addressBytes(source.replace(/\/.*$/, ''));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return sourceKey({ high: view.getBigUint64(0, true), low: view.getBigUint64(8, true) });
}

function isWithin(address: string, prefix: string): boolean {
  const [base = '', length] = prefix.split('/');
  if (length === undefined) return address === base;
  const [a, b] = [addressBytes(address), addressBytes(base)];
  const bits = Number(length);
  return a.every((byte, i) => {
    const left = Math.min(8, Math.max(0, bits - 8 * i));
    return ((byte ^ b[i]!) & (0xff00 >> left) & 0xff) === 0;
  });
}
