import { admissionIn, negotiate, type Reach, reach, resolveReach } from '@cryptbpf/core/gate-udp';
import { parseChallenge } from '../client/challenge.js';
import { failures } from '../client/errors.js';
import { DEFAULT_PORT, encodeSolution, messages } from '../client/message.js';
import { solve } from '../client/solve.js';
import type { Access, AccessOptions } from './options.js';

/**
 * Asks a gate to admit this machine: says hello, solves the puzzle and waits for the verdict.
 *
 * The host's addresses are tried in the resolver's order, the next one when an address stays silent. What
 * is admitted is the source address that the gate saw, `source`, on the way to `address`.
 *
 * An answer can be lost: after `ERR_POW_TIMEOUT` the gate may have admitted this machine all the same.
 *
 * @throws PowError `ERR_POW_TIMEOUT`, `ERR_POW_REJECTED`, `ERR_POW_CHALLENGE` when the puzzle is too hard,
 * `ERR_POW_NETWORK`, `ERR_ABORTED`.
 *
 * @example
 * import { requestAccess } from '@cryptbpf/pow/udp';
 * const { address } = await requestAccess({ host: 'example.org' });
 * const response = await fetch('https://example.org/');
 */
export async function requestAccess(options: AccessOptions): Promise<Access> {
  return reach(resolveReach(options, DEFAULT_PORT), solving(options));
}

/** The exchange whose proof is a solution. */
export function solving({
  onProgress,
  workers,
  maxDifficulty,
}: AccessOptions): Reach<Omit<Access, 'address'>> {
  const talk: Reach<Omit<Access, 'address'>>['talk'] = (exchange, signal) =>
    negotiate(exchange, messages, async ({ challenge, source, transaction }) => {
      const { nonce } = await solve(challenge, { onProgress, workers, maxDifficulty, signal });
      const { difficulty } = parseChallenge(challenge);
      return {
        message: encodeSolution(transaction, challenge, nonce),
        accept: (datagram) => {
          const admission = admissionIn(messages, datagram);
          if (!admission) return undefined;
          const { lifetime, renewAfter } = admission;
          return { lifetime, renewAfter, difficulty, source };
        },
      };
    });
  return { failures, talk };
}
