import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AuditLogger, generateRecipient, logFiles } from '@cryptbpf/logger';
import { openLog } from '@cryptbpf/logger/reader';
import { allKept, promise } from './promises.mjs';
import { number, say, step } from './screen.mjs';
import { perform } from './stage.mjs';

/*
 * What programs this demo starts, in a log that the kernel seals, in about 10 seconds. Exits with 1 when the log does
 * not hold what it promises. Only processes that descend from this one are recorded.
 */

const DEADLINE_MS = 58_000;
const SECRET = 'correct-horse-battery-staple';
const PROGRAMS = 400;

const directory = mkdtempSync(join(tmpdir(), 'cryptbpf-demo-logger-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));

async function read(key, files) {
  const log = openLog({ key, files });
  const records = [];
  const findings = [];
  for await (const entry of log) (entry.kind === 'record' ? records : findings).push(entry);
  return { records, findings, totals: log.totals };
}

const execsIn = (records) => records.filter(({ content }) => content.type === 'exec');

function show(records) {
  for (const { cpu, sequence, content } of execsIn(records)) {
    const { pid, ppid } = content.process;
    say(`   CPU ${cpu} #${sequence}  ${ppid} -> ${pid}  ${content.argv.join(' ')}`);
  }
}

/** The record at this place of the file is changed by change, which gets the bytes, where it begins and where it ends. */
function tamperedWith(path, { offset }, change) {
  const bytes = readFileSync(path);
  const end = offset + 24 + bytes.readUInt16BE(offset + 4);
  const target = join(directory, 'tampered.cblog');
  writeFileSync(target, change(bytes, offset, end));
  return target;
}

async function record({ publicPem }) {
  const logger = await AuditLogger.attach({
    recipient: publicPem,
    directory: join(directory, 'log'),
    filters: { tree: [process.pid] },
  });
  spawnSync('/bin/sh', ['-c', `/bin/true --password ${SECRET}; exit 3`]);
  await logger.detach();
  return logFiles(join(directory, 'log'), 'audit')[0];
}

async function tamper(key, path, records) {
  const target = execsIn(records)[1];
  const where = `record #${target.sequence} of CPU ${target.cpu}`;
  const removed = tamperedWith(path, target, (bytes, from, end) =>
    Buffer.concat([bytes.subarray(0, from), bytes.subarray(end)]),
  );
  const [missing, ...others] = (await read(key, [removed])).findings;
  promise(
    missing?.problem === 'missing' && missing.from === target.sequence && others.length === 0,
    `removed: ${where} is reported as missing, and nothing else`,
  );
  const changed = tamperedWith(path, target, (bytes, from) => {
    bytes[from + 40] ^= 1;
    return bytes;
  });
  const forged = (await read(key, [changed])).findings.find(({ problem }) => problem === 'forged');
  promise(
    forged?.offset === target.offset,
    `one bit changed: reported as forged, at byte ${target.offset} of the file`,
  );
}

async function overload({ publicPem, privatePem }) {
  const path = join(directory, 'overload');
  const logger = await AuditLogger.attach({
    recipient: publicPem,
    directory: path,
    filters: { tree: [process.pid] },
    ringBytes: 1 << 16,
    drainMilliseconds: 10_000,
  });
  spawnSync('/bin/sh', ['-c', `i=0; while [ $i -lt ${PROGRAMS} ]; do /bin/true; i=$((i+1)); done`]);
  await logger.detach();
  const { totals, findings } = await read(privatePem, logFiles(path, 'audit'));
  const { ring } = totals.lost;
  /* Each program, and the shell: one record when it begins, one when it ends. */
  const produced = 2 * (PROGRAMS + 1);
  say(
    `   ${number(produced)} events, ${number(totals.events)} in the log, ${number(ring)} lost by its counters`,
  );
  promise(ring > 0 && totals.events + ring === produced, 'every event is in the log or proven lost');
  promise(findings.length === 0, 'and nothing looks like it was removed');
}

async function play() {
  say('CryptBPF demo: what programs this demo starts, in a log that the kernel seals.');
  step('A key pair is made. The private half would be on another machine.');
  const keys = generateRecipient();
  say('   with the public half, a logger is attached; it sees only what descends from this process');

  step('A shell runs a program with a password in its arguments.');
  const path = await record(keys);
  const sealed = readFileSync(path);
  const texts = [SECRET, '/bin/true', '/bin/sh', '--password'];
  promise(
    !texts.some((text) => sealed.includes(text)),
    `none of its strings is in the file (${sealed.length} bytes)`,
  );

  step('The recipient opens the log.');
  const { records, findings } = await read(keys.privatePem, [path]);
  show(records);
  promise(findings.length === 0, 'the log is complete');
  const secretSeen = execsIn(records).some(({ content }) => content.argv.includes(SECRET));
  const codeSeen = records.some(({ content }) => content.type === 'exit' && content.code === 3);
  promise(secretSeen && codeSeen, 'with arguments and exit codes');
  const stranger = await read(generateRecipient().privatePem, [path]);
  promise(stranger.records.length === 0, 'another key opens nothing');

  step('Somebody with write access to the file changes it.');
  await tamper(keys.privatePem, path, records);

  step(`${PROGRAMS} programs are started while nobody takes records out of a small ring.`);
  await overload(keys);
  return allKept();
}

export async function main(args) {
  parseArgs({ args, options: {} });
  await perform(play, { deadlineMs: DEADLINE_MS });
}
