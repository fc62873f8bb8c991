import { Holder } from '@cryptbpf/pki/client';

/* What a page runs: nothing in it is of Node. */

const toHex = (/** @type {Uint8Array} */ bytes) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const fromHex = (/** @type {string} */ text) =>
  Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

/** @typedef {{ admitted: boolean, reason: string, lifetime: number }} Admission */

/**
 * Has the application at url let this machine in.
 *
 * @param {string} url
 * @param {import('@cryptbpf/pki/client').HolderOptions} options
 * @returns {Promise<Admission>}
 */
export async function enter(url, options) {
  const holder = await Holder.create(options);
  const { challenge, address } = /** @type {{ challenge: string, address: string }} */ (
    await (await fetch(url)).json()
  );
  const { certificates, signature } = await holder.present(fromHex(challenge), address);
  const body = { challenge, certificates: certificates.map(toHex), signature: toHex(signature) };
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
  return /** @type {Admission} */ (await answer.json());
}
