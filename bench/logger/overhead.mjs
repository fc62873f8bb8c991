import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { openObject } from '@cryptbpf/core';
import { AuditLogger, generateRecipient } from '@cryptbpf/logger';
import { takeTurns } from '../lib/samples.mjs';

const OBJECT = new URL('../../build/bpf/logger_bench.bpf.o', import.meta.url);
const EXECS = 300;
const LOOP = `i=0; while [ $i -lt ${EXECS} ]; do /bin/true; i=$((i+1)); done`;
const EXEC_AND_EXIT = (1n << 16n) | (1n << 17n);

/** A shell that does nothing but start programs: with the log, with the same records in clear, and without any. */
export async function overheadRow(directory, { budgetMs }) {
  const { publicPem } = generateRecipient();
  const sides = [workload, () => withPlainRing(workload), () => withLog(publicPem, directory, workload)];
  const [none, plain, sealed] = await takeTurns(sides, { budgetMs: 5 * budgetMs, minRounds: 12 });
  const percent = (samples, of) => Number(((samples / of - 1) * 100).toFixed(2));
  return {
    name: 'logger/overhead-fork-exec',
    unit: '% of time',
    value: percent(sealed.best, none.best),
    median: percent(sealed.median, none.median),
    baseline: {
      name: 'the same records in clear',
      value: percent(plain.best, none.best),
      median: percent(plain.median, none.median),
    },
    ratio: Number((plain.best / sealed.best).toPrecision(4)),
    note: `fork, exec and exit of /bin/true, ${Math.round(none.best / 1000)} us without a log; ratio: of the times`,
  };
}

/** Nanoseconds for each program that it starts. */
function workload() {
  const begin = process.hrtime.bigint();
  const { status } = spawnSync('/bin/sh', ['-c', LOOP]);
  if (status !== 0) throw new Error(`the shell ended with ${status}`);
  return [Number(process.hrtime.bigint() - begin) / EXECS];
}

async function withLog(recipient, directory, action) {
  const logger = await AuditLogger.attach({
    recipient,
    directory: join(directory, 'overhead'),
    filters: { tree: [process.pid] },
  });
  try {
    const times = action();
    const { sealed, lost } = logger.stats();
    if (sealed.records + lost.ring < 2 * EXECS)
      throw new Error(`${sealed.records} records of ${EXECS} programs`);
    return times;
  } finally {
    await logger.detach();
  }
}

function withPlainRing(action) {
  const object = openObject(OBJECT).load();
  const { plain_fork, plain_exec, plain_exit } = object.programs;
  object.maps.log_tree.set(process.pid, 1);
  object.variables.log_filter = {
    events: EXEC_AND_EXIT,
    cgroupLevels: 0,
    sample: 0,
    byCgroup: false,
    byUid: false,
    byTree: true,
    byComm: false,
    byPath: false,
  };
  const links = [
    plain_fork.attachRawTracepoint('sched_process_fork'),
    plain_exec.attachRawTracepoint('sched_process_exec'),
    plain_exit.attachRawTracepoint('sched_process_exit'),
  ];
  try {
    return action();
  } finally {
    for (const link of links) link.close();
    const records = object.maps.log_ring.drain(() => {});
    object.close();
    if (records < 2 * EXECS) console.error(`plain ring: ${records} records of ${EXECS} programs`);
  }
}
