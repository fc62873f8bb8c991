import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { randomChallenge, zeroBits } from './puzzles.js';

const HELLO = 1;
const CHALLENGE = 2;
const SOLUTION = 3;
const VERDICT = 4;

export interface Question {
  hello: boolean;
  bytes: Buffer;
  from: RemoteInfo;
  /** How many of this type came before. */
  index: number;
}

/** What is sent back for a question: any number of datagrams, at once or later. */
export type Script = (question: Question, honest: () => Buffer) => Buffer[] | Promise<Buffer[]>;

/** A gate in user space that answers as its script wants, by default honestly and once. */
export class Peer implements AsyncDisposable {
  readonly questions: Question[] = [];
  difficulty = 8;
  lifetime = 600;
  renewAfter = 480;
  script: Script = (_, honest) => [honest()];
  readonly #socket: Socket;
  #closed = false;
  readonly #spent = new Set<string>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes, from) => void this.#answer(bytes, from));
  }

  static async open(address = '127.0.0.1', port = 0): Promise<Peer> {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    socket.bind(port, address);
    await once(socket, 'listening');
    return new Peer(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get hellos(): Question[] {
    return this.questions.filter(({ hello }) => hello);
  }

  get solutions(): Question[] {
    return this.questions.filter(({ hello }) => !hello);
  }

  #send(bytes: Buffer, to: RemoteInfo): void {
    if (!this.#closed) this.#socket.send(bytes, to.port, to.address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  async #answer(bytes: Buffer, from: RemoteInfo): Promise<void> {
    const hello = bytes[5] === HELLO;
    const index = hello ? this.hellos.length : this.solutions.length;
    const question = { hello, bytes, from, index };
    this.questions.push(question);
    const honest = () => (hello ? this.#challenge(question) : this.#verdict(question));
    for (const reply of await this.script(question, honest)) this.#send(reply, from);
  }

  #challenge({ bytes, from }: Question): Buffer {
    return challengeReply(bytes, randomChallenge(this.difficulty), from.address);
  }

  #verdict({ bytes }: Question): Buffer {
    const challenge = bytes.subarray(16, 48);
    const key = challenge.toString('hex');
    if (bytes[5] !== SOLUTION) return verdictReply(bytes, { status: 83 });
    if (this.#spent.has(key)) return verdictReply(bytes, { status: 96 });
    if (zeroBits(challenge, bytes.readBigUInt64LE(48)) < challenge[1]!)
      return verdictReply(bytes, { status: 97 });
    this.#spent.add(key);
    return verdictReply(bytes, { status: 0, lifetime: this.lifetime, renewAfter: this.renewAfter });
  }
}

export function challengeReply(question: Buffer, challenge: Uint8Array, source: string): Buffer {
  const reply = header(question, CHALLENGE);
  reply.set(challenge, 16);
  if (source === '::1') reply[63] = 1;
  else {
    reply.writeUInt16BE(0xffff, 58);
    reply.set(source.split('.').map(Number), 60);
  }
  return reply;
}

export function verdictReply(
  question: Buffer,
  { status, lifetime = 0, renewAfter = 0 }: { status: number; lifetime?: number; renewAfter?: number },
): Buffer {
  const reply = header(question, VERDICT);
  reply[6] = status;
  reply.writeUInt32BE(lifetime, 16);
  reply.writeUInt32BE(renewAfter, 20);
  return reply;
}

function header(question: Buffer, type: number): Buffer {
  const reply = Buffer.alloc(64);
  question.copy(reply, 0, 0, 16);
  reply[5] = type;
  return reply;
}
