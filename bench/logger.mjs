import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pinToCore, unpin } from './lib/pin.mjs';
import { rateRow } from './lib/rows.mjs';
import { takeTurns } from './lib/samples.mjs';
import { cipherTimes, decipherTimes } from './logger/node-crypto.mjs';
import { overheadRow } from './logger/overhead.mjs';
import { SealedLog } from './logger/sealed-log.mjs';

/* The sealed log: records of 128 bytes a second, in the kernel, to the disk, and back. */

const AES = 'aes-256-gcm';
const NODE = 'Node, node:crypto, the AEAD alone';
const WRITE = 'the same bytes, one write and fdatasync';

export async function benchLogger({ progress, budgetMs = 6000 }) {
  const directory = mkdtempSync(join(tmpdir(), 'cryptbpf-bench-logger-'));
  try {
    const rows = await measureRecords(directory, { progress, budgetMs });
    progress('logger/overhead-fork-exec');
    return [...rows, await overheadRow(directory, { budgetMs })];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measureRecords(directory, { progress, budgetMs }) {
  pinToCore();
  const log = await SealedLog.create(directory);
  const aes = await SealedLog.create(directory, AES);
  try {
    progress('logger/seal-128, logger/end-to-end');
    const sides = [
      () => log.sealTimes(),
      () => cipherTimes(),
      () => log.writeTimes(),
      () => log.plainWriteTimes(),
      () => aes.sealTimes(),
      () => cipherTimes(AES),
    ];
    const [seal, cipher, write, plainWrite, sealAes, cipherAes] = await takeTurns(sides, { budgetMs });
    await log.close();
    await aes.close();
    progress('logger/decrypt');
    unpin(); // threads have a processor of their own, if there is one
    const readers = [() => log.readTimes(), () => log.readTimes({ threads: 0 }), decipherTimes];
    const [open, openAlone, decipher] = await takeTurns(readers, { budgetMs });
    return [
      rateRow('logger/seal-128', 'records/s', seal, NODE, cipher, {
        goal: { value: 500_000 },
        note: 'claimed, sealed, 16 records a key, into the ring; on one core',
      }),
      rateRow('logger/seal-128-aes', 'records/s', sealAes, NODE, cipherAes, {
        note: 'the same by AES-256-GCM, in BPF alone',
      }),
      rateRow('logger/end-to-end', 'records/s', write, WRITE, plainWrite, {
        goal: { value: 300_000 },
        note: 'from the ring to the file, and fdatasync',
      }),
      rateRow('logger/decrypt', 'records/s', open, NODE, decipher, {
        goal: { value: 200_000 },
        note: 'decrypted, verified, decoded; threads as openLog() has them on this machine',
      }),
      rateRow('logger/decrypt-alone', 'records/s', openAlone, NODE, decipher, {
        note: 'the same by one thread',
      }),
    ];
  } finally {
    unpin();
  }
}
