import {
  type Admission,
  BpfError,
  type BpfObject,
  bootTimeNs,
  type EventsOptions,
  Gate,
  type ReasonName,
} from '@cryptbpf/core';
import { addressBytes, reasonName } from '@cryptbpf/core/gate-client';
import { Authorities } from './authorities.js';
import { verifyChain } from './chain.js';
import { encodeProof } from './client/message.js';
import { checkBirth, pkiFeature, TABLE_WIDTH } from './feature.js';
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
import { type PkiObject, Reason } from './pki.gen.js';
import { configure, policyOf, readTrust, watched } from './policy.js';
import {
  type AdmittedHolder,
  type AuthorityInfo,
  isWithin,
  type PkiEvent,
  toAuthorityInfo,
  toHolders,
} from './records.js';
import { isSubjectKey, issuersOf, keyIdOf, type Named } from './revocation.js';
import { stampOf } from './sources.js';
import {
  fitsMessage,
  NOT_UNDERSTOOD,
  type Presentation,
  toVoucher,
  VOUCHER_PROOF,
  voucherKey,
} from './voucher.js';
import { Refusal } from './x509/der.js';

const WATCH_INTERVAL_MS = 250;

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
    super(pkiFeature(resolved.sizes), resolved.gate);
    this.#own = resolved.own;
    this.#onError = resolved.gate.onError ?? ((error) => process.emitWarning(error));
    this.#isNew = this.#pki.variables.pki_birth.layout === 0;
    try {
      checkBirth(this.#pki);
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
    return this.#authorities.placed.map(toAuthorityInfo);
  }

  /** Resolves when the tables of all authorities are built: signatures are verified before that, only more slowly. */
  async tablesBuilt(): Promise<void> {
    await this.#authorities.tablesBuilt();
  }

  /** Who is admitted, and by which certificate. */
  override admitted(): AdmittedHolder[] {
    const grants = this.#pki.maps.grants.getBatch();
    return toHolders(super.admitted(), grants, this.#authorities.placed, bootTimeNs());
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
    const fits = fitsMessage(presentation);
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
  revokeCertificate(given: Named): void {
    void this.object;
    if (isSubjectKey(given)) {
      this.#authorities.revokeKey(keyIdOf(given));
      return;
    }
    const { authorities, serial } = issuersOf(given, this.#authorities.placed);
    for (const authority of authorities) this.#authorities.revoke(authority, serial);
  }

  /** Takes that back: lists decide again. False: it was not revoked by revokeCertificate(). Throws likewise. */
  unrevokeCertificate(given: Named): boolean {
    void this.object;
    if (isSubjectKey(given)) return this.#authorities.unrevokeKey(keyIdOf(given));
    const { authorities, serial } = issuersOf(given, this.#authorities.placed);
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
    configure(this.#pki, own, isNarrower);
    this.#own = own;
    this.#stamp = stamp;
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
    const key = voucherKey(challenge);
    const policy = policyOf(this.#own, this.#authorities.placed);
    try {
      const verified = verifyChain({ certificates, signature, challenge, source }, policy);
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
}
