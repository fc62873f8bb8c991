import { randomBytes } from 'node:crypto';
import { bootTimeNs } from '@cryptbpf/core';
import type { Answers } from './answers.js';
import { SessionGuard } from './client/guard.js';
import { sessionSecret } from './client/keys.js';
import { newShare, openSession, SHARE_BYTES, sessionResult } from './client/session.js';
import { type OffloadKernel, PROBE_CLIENT, SESSIONS_PER_CLIENT } from './kernel.js';
import { OffloadError as ErrorNumber } from './offload.gen.js';
import type { OffloadClientSpec } from './options.js';
import type { Outcome } from './perform.js';
import type { RingRecord } from './requests.js';

interface OpenSession {
  readonly id: number;
  readonly client: number;
  readonly endsNs: bigint;
}

const failed = (error: number): Outcome => ({ error, result: new Uint8Array() });

/** Encrypted sessions of clients: opened on their request, ended in time. */
export class Sessions {
  readonly #kernel: OffloadKernel;
  readonly #answers: Answers;
  #secrets = new Map<number, Uint8Array>();
  /** The oldest first. */
  #open: OpenSession[] = [];
  #lifetimeSeconds = 0;

  constructor(kernel: OffloadKernel, answers: Answers) {
    this.#kernel = kernel;
    this.#answers = answers;
  }

  /** How many there are. */
  get count(): number {
    return this.#open.length;
  }

  configure(lifetimeSeconds: number): void {
    this.#lifetimeSeconds = lifetimeSeconds;
  }

  /** After the clients were written, and all sessions with them ended. */
  setClients(specs: readonly OffloadClientSpec[]): void {
    this.close();
    this.#secrets = new Map(specs.map(({ id, secret }) => [id, sessionSecret(secret)]));
  }

  /** What a client is answered that asks for a session. */
  open({ client, counter, data }: RingRecord): Outcome {
    const secret = this.#secrets.get(client);
    if (!secret || data.length !== SHARE_BYTES) return failed(ErrorNumber.OFFLOAD_BAD_LENGTH);
    const id = this.#newId();
    const share = newShare();
    const result = sessionResult(id, this.#lifetimeSeconds, share);
    const session = openSession(secret, share, data, { client, counter, request: data, result });
    if (!session) return failed(ErrorNumber.OFFLOAD_FAILED);
    this.#makeRoom(client);
    const endsNs = bootTimeNs() + BigInt(this.#lifetimeSeconds) * 1_000_000_000n;
    this.#kernel.writeSession(id, client, session.keys, endsNs);
    session.keys.request.fill(0);
    this.#answers.add(id, new SessionGuard(session.keys.reply));
    this.#open.push({ id, client, endsNs });
    return { error: 0, result };
  }

  /** Ends those whose time is over. */
  watch(): void {
    const now = bootTimeNs();
    for (const session of this.#open.filter(({ endsNs }) => now >= endsNs)) this.#end(session);
  }

  /** Forgets the secrets. */
  close(): void {
    for (const secret of this.#secrets.values()) secret.fill(0);
    this.#secrets.clear();
    this.#open = [];
  }

  #makeRoom(client: number): void {
    const own = this.#open.filter((session) => session.client === client);
    if (own.length >= SESSIONS_PER_CLIENT) this.#end(own[0]!);
  }

  #end(session: OpenSession): void {
    this.#open = this.#open.filter((other) => other !== session);
    this.#kernel.removeSession(session.id);
    this.#answers.remove(session.id);
  }

  /** That no client and no session has. */
  #newId(): number {
    for (;;) {
      const id = randomBytes(4).readUInt32BE();
      if (id !== PROBE_CLIENT && !this.#kernel.hasClient(id)) return id;
    }
  }
}
