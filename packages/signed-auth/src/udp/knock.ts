import { admissionIn, keep, negotiate, type Reach, reach, resolveReach } from '@cryptbpf/core/gate-udp';
import { failures } from '../client/errors.js';
import { DEFAULT_PORT, encodeKnock, messages } from '../client/message.js';
import type { Signer } from '../client/signer.js';
import type { Access, KeepOpenOptions, KeptOpen, KnockOptions } from './options.js';

/**
 * Knocks at a gate: a signed message over UDP opens the protected TCP ports to this machine, for a time.
 *
 * The host's addresses are tried in the resolver's order, the next one when an address stays silent. What is
 * admitted is the source address that the gate saw, `source`, on the way to `address`.
 *
 * @throws SignedAuthError `ERR_SIGNED_AUTH_TIMEOUT`, `ERR_SIGNED_AUTH_REJECTED`, `ERR_SIGNED_AUTH_NETWORK`,
 * `ERR_ABORTED`.
 *
 * @example
 * import { createSigner, knock } from '@cryptbpf/signed-auth/udp';
 * await knock({ host: 'db.example', signer: createSigner(pem, { audience: 'db.example', keyId: 1 }) });
 */
export async function knock(options: KnockOptions): Promise<Access> {
  return reach(resolveReach(options, DEFAULT_PORT), knocking(options.signer));
}

/**
 * Knocks, and knocks again before the ports close, `renewAfter` seconds after each time, until closed or until the
 * signal is aborted. Its timer does not keep the process alive.
 *
 * @throws what `knock` throws, for the first one only; later errors go to `onError`.
 *
 * @example
 * await using open = await keepOpen({ host: 'db.example', signer, onError: (error) => console.warn(error) });
 */
export async function keepOpen(options: KeepOpenOptions): Promise<KeptOpen> {
  return keep((signal) => knock({ ...options, signal }), options, failures);
}

/** The exchange whose proof is a signature. */
function knocking(signer: Signer): Reach<Omit<Access, 'address'>> {
  const talk: Reach<Omit<Access, 'address'>>['talk'] = (exchange) =>
    negotiate(exchange, messages, async ({ transaction, challenge, source }) => ({
      message: encodeKnock(transaction, challenge, await signer.knock(challenge, source)),
      accept: (datagram) => {
        const admission = admissionIn(messages, datagram);
        if (!admission) return undefined;
        const { lifetime, renewAfter } = admission;
        return { lifetime, renewAfter, source };
      },
    }));
  return { failures, talk };
}
