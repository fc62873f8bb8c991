import { createServer } from 'node:http';
import { PkiValidator } from '@cryptbpf/pki';

/*
 * node application.mjs INTERFACE ROOT.pem: the same gate for clients that cannot send UDP, such as browsers. They get a
 * challenge over HTTP, on port 8081, and post what they present; after that they reach TCP port 8080.
 */

const [name = 'eth0', root = 'root.pem'] = process.argv.slice(2);
const validator = await PkiValidator.attach({
  interface: name,
  ports: [8080],
  audience: 'service.example',
  anchors: [root],
  names: 'any',
  otherAlgorithms: true,
  pin: false,
});

const fromHex = (/** @type {string} */ text) => new Uint8Array(Buffer.from(text, 'hex'));
const LONGEST_BODY = 64 << 10;

/** @param {import('node:http').IncomingMessage} request */
async function bodyOf(request) {
  let text = '';
  for await (const piece of request.setEncoding('utf8')) {
    text += piece;
    if (text.length > LONGEST_BODY) throw new RangeError('the body is too long');
  }
  return JSON.parse(text);
}

/** The address that the gate sees, too: it has to be the client's own, not that of a proxy in between. */
const addressOf = (/** @type {import('node:http').IncomingMessage} */ { socket }) =>
  (socket.remoteAddress ?? '').replace(/^::ffff:/, '');

/** @param {import('node:http').IncomingMessage} request */
async function answer(request) {
  const address = addressOf(request);
  if (request.method === 'GET')
    return { address, challenge: Buffer.from(validator.challengeFor(address)).toString('hex') };
  const { challenge, certificates, signature } = await bodyOf(request);
  const presentation = { certificates: certificates.map(fromHex), signature: fromHex(signature) };
  return validator.admit(address, fromHex(challenge), presentation);
}

createServer((request, response) => {
  answer(request).then(
    (result) => response.end(JSON.stringify(result)),
    (error) => response.writeHead(400).end(error.message),
  );
}).listen(8081, '::', () => console.log('ready'));
