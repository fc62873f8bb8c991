import { negotiate, type ReachOptions, reach, resolveReach } from '@cryptbpf/core/gate-udp';
import { failures, SignedAuthError } from '../client/errors.js';
import { DEFAULT_PORT, MessageType, messages, messageType } from '../client/message.js';
import type { Session } from '../client/session.js';
import type { SessionRequest } from '../client/session-request.js';
import type { Signer } from '../client/signer.js';

export interface SessionOptions extends ReachOptions {
  /** The gate's control port, default 22306. */
  port?: number;
  /** Signs the request. */
  signer: Signer;
}

/**
 * Opens a session with a gate.
 *
 * @throws SignedAuthError `ERR_SIGNED_AUTH_TIMEOUT` also when the gate gives out no sessions,
 * `ERR_SIGNED_AUTH_REJECTED`, `ERR_SIGNED_AUTH_NETWORK`, `ERR_ABORTED`.
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { signer } = options;
  const { session } = await reach(resolveReach(options, DEFAULT_PORT), {
    failures,
    talk: (exchange) =>
      negotiate(exchange, messages, async ({ transaction, challenge, source }) => {
        const request = await signer.requestSession(transaction, challenge, source);
        return { message: request.message, accept: (datagram) => sessionIn(request, datagram) };
      }),
  });
  return session;
}

/** The session that a datagram opens. A forged one is passed over: the gate's own may still come. */
function sessionIn(request: SessionRequest, datagram: Uint8Array): { session: Session } | undefined {
  if (messageType(datagram) !== MessageType.SESSION_ACCEPT) return undefined;
  try {
    return { session: request.accept(datagram) };
  } catch (error) {
    if (error instanceof SignedAuthError) return undefined;
    throw error;
  }
}
