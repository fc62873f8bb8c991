import { parentPort } from 'node:worker_threads';
import { type AffinePoint, buildTable } from './p256-build.js';

/* Builds tables off the event loop. scripts/worker-source.mjs makes text of it. */

export interface TableRequest {
  readonly id: number;
  readonly point: AffinePoint;
  readonly width: number;
}

export interface TableReply {
  readonly id: number;
  readonly table: Uint8Array<ArrayBuffer>;
}

parentPort!.on('message', ({ id, point, width }: TableRequest) => {
  const table = buildTable(point, width);
  parentPort!.postMessage({ id, table } satisfies TableReply, [table.buffer]);
});
