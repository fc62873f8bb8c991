import { randomBytes } from 'node:crypto';
import { type ChallengeMessage, reasonName, transactionOf } from '@cryptbpf/core/gate-client';
import {
  type Answer,
  admissionIn,
  type Exchange,
  keep,
  negotiate,
  type Reach,
  reach,
  resolveReach,
} from '@cryptbpf/core/gate-udp';
import { failures } from '../client/errors.js';
import { Holder } from '../client/holder.js';
import {
  DEFAULT_PORT,
  decodeReceipt,
  decodeVerdict,
  encodePresentation,
  encodeRequest,
  MessageType,
  messages,
  messageType,
  type Presented,
} from '../client/message.js';
import type { Access, KeepAccessOptions, KeptAccess, PresentOptions } from './options.js';

/**
 * Presents a certificate to a gate over UDP, and opens the protected ports to this machine, for a time.
 *
 * The host's addresses are tried in the resolver's order, the next one when an address stays silent. What is
 * admitted is the source address that the gate saw, `source`, on the way to `address`.
 *
 * @throws PkiError `ERR_PKI_TIMEOUT`, `ERR_PKI_REJECTED`, `ERR_PKI_NETWORK`, `ERR_PKI_KEY`, `ERR_PKI_CHAIN`,
 * `ERR_ABORTED`.
 *
 * @example
 * import { presentCertificate } from '@cryptbpf/pki/udp';
 * await presentCertificate({ host: 'db.example', audience: 'db.example', chain: pem, key });
 */
export async function presentCertificate(options: PresentOptions): Promise<Access> {
  const holder = 'holder' in options ? options.holder : await Holder.create(options);
  return reach(resolveReach(options, DEFAULT_PORT), presenting(holder));
}

/**
 * Presents a certificate, and again before the ports close, `renewAfter` seconds after each time, until closed or until
 * the signal is aborted. Its timer does not keep the process alive.
 *
 * @throws what `presentCertificate` throws, for the first one only; later errors go to `onError`.
 */
export async function keepAccess(options: KeepAccessOptions): Promise<KeptAccess> {
  const holder = 'holder' in options ? options.holder : await Holder.create(options);
  return keep((signal) => presentCertificate({ ...options, holder, signal }), options, failures);
}

type Opened = Omit<Access, 'address'>;

/** The exchange whose proof is a chain. */
function presenting(holder: Holder): Reach<Opened> {
  const talk: Reach<Opened>['talk'] = (exchange) =>
    negotiate(exchange, messages, (challenge) => answer(exchange, holder, challenge));
  return { failures, talk };
}

/** CAs first, each message behind the receipt for the one before it. */
async function answer(
  exchange: Exchange,
  holder: Holder,
  challenge: ChallengeMessage,
): Promise<Answer<Opened>> {
  const { transaction, challenge: bytes, source } = challenge;
  const steps = holder.steps();
  const certificates = steps.pop()!;
  let receipt: { receipt?: Uint8Array } = {};
  for (const step of steps)
    receipt = { receipt: await receiptFor(exchange, bytes, { ...receipt, certificates: step }) };
  const signature = await holder.sign(bytes, source, certificates);
  return {
    message: encodePresentation(transaction, bytes, { ...receipt, certificates }, signature),
    accept(datagram) {
      const admission = admissionIn(messages, datagram);
      if (!admission) return undefined;
      const { lifetime, renewAfter } = admission;
      return { lifetime, renewAfter, source };
    },
  };
}

async function receiptFor(
  exchange: Exchange,
  challenge: Uint8Array,
  presented: Presented,
): Promise<Uint8Array> {
  const transaction = new Uint8Array(randomBytes(8));
  const answer = await exchange.ask(encodeRequest(transaction, challenge, presented), (datagram) => {
    if (Buffer.compare(transactionOf(datagram), transaction) !== 0) return undefined;
    if (messageType(datagram) === MessageType.RECEIPT) return decodeReceipt(datagram);
    return messageType(datagram) === MessageType.VERDICT ? decodeVerdict(datagram).status : undefined;
  });
  if (typeof answer !== 'number') return answer;
  const reason = reasonName(answer);
  throw failures.make('rejected', `the gate refused: ${reason}`, { status: answer, reason });
}
