import { Exit, Failure } from './failure.js';

/** Not before it is needed: clients and explanations load no native code. */
export const core = () => import('@cryptbpf/core');

/**
 * What a feature's package exports, if it is there: features are peers that are installed as they are wanted. Throws
 * Failure with the one command that helps.
 *
 * @example
 * const { Tunnel } = await installed('tunnel', () => import('@cryptbpf/tunnel'));
 */
export async function installed<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const message = `@cryptbpf/${name} is not installed: npm install @cryptbpf/${name}`;
    throw new Failure(Exit.UNABLE, message, { cause: error });
  }
}
