import { BpfError } from '@cryptbpf/core';
import {
  type TunnelCommand,
  TunnelOperation,
  TunnelResult,
  type TunnelWireguardObject,
  tunnelCommandCodec,
} from './tunnel_wireguard.gen.js';

const NO_KEY = new Uint8Array(32);
const NO_ADDRESS = { high: 0n, low: 0n };
const IDLE: TunnelCommand = {
  operation: TunnelOperation.TUNNEL_CLEAR,
  peer: 0,
  slot: 0,
  localIndex: 0,
  remoteIndex: 0,
  isInitiator: 0,
  counter: 0n,
  textBytes: 0,
  wireBytes: 0,
  endpoint: { remote: NO_ADDRESS, local: NO_ADDRESS, port: 0, unused: [0, 0, 0] },
  sendKey: NO_KEY,
  receiveKey: NO_KEY,
  driver: new Uint8Array(64),
};

/** The kernel chooses among its AES drivers. */
export const DEFAULT_DRIVER = 'ecb(aes)';

export type ControlObject = {
  readonly maps: Pick<TunnelWireguardObject['maps'], 'commands'>;
  readonly programs: Pick<TunnelWireguardObject['programs'], 'tunnel_control'>;
};

/** What the controller asks of the program that changes sessions and endpoints. */
export class Control {
  readonly #object: ControlObject;
  readonly #place: DataView;
  readonly #driver = new Uint8Array(IDLE.driver.length);

  constructor(object: ControlObject, aesDriver = DEFAULT_DRIVER) {
    this.#object = object;
    new TextEncoder().encodeInto(aesDriver, this.#driver.subarray(0, -1));
    this.#place = object.maps.commands.view();
  }

  /** Into a slot that was cleared. Throws ERR_SYSCALL when the kernel has no such cipher. */
  install(command: Omit<Partial<TunnelCommand>, 'operation'>): void {
    const result = this.#run({ ...command, operation: TunnelOperation.TUNNEL_INSTALL, driver: this.#driver });
    if (result === TunnelResult.TUNNEL_DONE) return;
    throw new BpfError('ERR_SYSCALL', `the kernel refused a session (${result}): has it the cipher?`);
  }

  clear(peer: number, slot: number): void {
    this.#run({ operation: TunnelOperation.TUNNEL_CLEAR, peer, slot });
  }

  setEndpoint(peer: number, endpoint: TunnelCommand['endpoint']): void {
    const command = { operation: TunnelOperation.TUNNEL_ENDPOINT, peer, endpoint };
    /* Busy: a packet is just moving it. */
    for (let i = 0; i < 100 && this.#run(command) === TunnelResult.TUNNEL_BUSY; i++);
  }

  /** A counter that no packet has; undefined: the session in the slot seals no more. */
  takeCounter(peer: number, slot: number, textBytes: number, wireBytes: number): bigint | undefined {
    const operation = TunnelOperation.TUNNEL_TAKE_COUNTER;
    const result = this.#run({ operation, peer, slot, textBytes, wireBytes });
    return result === TunnelResult.TUNNEL_DONE ? this.#counter : undefined;
  }

  get #counter(): bigint {
    return tunnelCommandCodec.decode(this.#place, 0).counter;
  }

  /** The program wipes the keys. */
  #run(command: Partial<TunnelCommand>): number {
    tunnelCommandCodec.encode(this.#place, 0, { ...IDLE, ...command });
    return this.#object.programs.tunnel_control.testRun().returnValue;
  }
}
