import { admissionIn, keep, negotiate, type Reach, reach, resolveReach } from '@cryptbpf/core/gate-udp';
import { failures } from '../client/errors.js';
import { DEFAULT_PORT, messagesOf } from '../client/message.js';
import type { Prover } from '../client/prover.js';
import type { Access, AccessOptions, KeepAccessOptions, KeptAccess } from './options.js';

/**
 * Asks a gate to admit this machine: says hello, proves, and waits for the verdict.
 *
 * The host's addresses are tried in the resolver's order, the next one when an address stays silent. What is
 * admitted is the source address that the gate saw, `source`, on the way to `address`.
 *
 * An answer can be lost: after `ERR_ZKP_TIMEOUT` the gate may have admitted this machine all the same.
 *
 * @throws ZkpError `ERR_ZKP_TIMEOUT`, `ERR_ZKP_REJECTED`, `ERR_ZKP_NETWORK`, `ERR_ABORTED`.
 *
 * @example
 * import { createHashProver, requestAccess } from '@cryptbpf/zkp/udp';
 * const prover = createHashProver({ audience: 'ssh.example', keyId: 1, secret });
 * await requestAccess({ host: 'ssh.example', prover });
 */
export async function requestAccess(options: AccessOptions): Promise<Access> {
  return reach(resolveReach(options, DEFAULT_PORT), proving(options.prover));
}

/**
 * Asks a gate for access and renews it before it ends, `renewAfter` seconds after each admission, until closed or
 * until the signal is aborted. Its timer does not keep the process alive.
 *
 * @throws what `requestAccess` throws, for the first request only; later errors go to `onError`.
 *
 * @example
 * await using kept = await keepAccess({ host: 'ssh.example', prover, onError: (error) => console.warn(error) });
 */
export async function keepAccess(options: KeepAccessOptions): Promise<KeptAccess> {
  return keep((signal) => requestAccess({ ...options, signal }), options, failures);
}

function proving(prover: Prover): Reach<Omit<Access, 'address'>> {
  const messages = messagesOf(prover.kind);
  const talk: Reach<Omit<Access, 'address'>>['talk'] = (exchange) =>
    negotiate(exchange, messages, async ({ transaction, challenge, source }) => ({
      message: messages.encodeProof(transaction, challenge, prover.prove(challenge, source)),
      accept: (datagram) => {
        const admission = admissionIn(messages, datagram);
        if (!admission) return undefined;
        const { lifetime, renewAfter } = admission;
        return { lifetime, renewAfter, source };
      },
    }));
  return { failures, talk };
}
