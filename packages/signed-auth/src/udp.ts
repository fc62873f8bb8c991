/**
 * The sender's half of signed packets: signatures, sessions.
 *
 * @packageDocumentation
 */
export {};
