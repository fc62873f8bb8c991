import { parentPort, workerData } from 'node:worker_threads';
import { AheadOpener, type OpenedPiece, type Share } from './ahead-opener.js';

/* Opens records off the thread that judges them. scripts/worker-source.mjs makes text of it. */

export interface OpenerData {
  readonly scalar: Uint8Array;
  readonly point: Uint8Array;
  readonly share: Share;
}

export interface PieceOfFile {
  readonly bytes: Uint8Array;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

const { scalar, point, share } = workerData as OpenerData;
let opener = new AheadOpener({ scalar, point }, share);

parentPort!.on('message', ({ bytes, isFirst, isLast }: PieceOfFile) => {
  if (isFirst) opener = new AheadOpener({ scalar, point }, share);
  const opened = opener.open(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), isLast);
  parentPort!.postMessage(opened satisfies OpenedPiece, [opened.texts.buffer]);
});
