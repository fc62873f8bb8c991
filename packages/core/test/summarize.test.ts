import { describe, expect, test } from 'vitest';
import { VerifierError } from '../src/index.js';

const STATISTICS =
  'processed 14 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0';

const logs: Record<string, [string, string]> = {
  'is the last line before the statistics': [
    `0: (bf) r6 = r1
dereference of modified ctx ptr R6 off=4 disallowed
verification time 42 usec
stack depth 0
${STATISTICS}

`,
    'dereference of modified ctx ptr R6 off=4 disallowed',
  ],
  'has the instruction before a register that is not readable': [
    `0: R1=ctx() R10=fp0
0: (95) exit
R0 !read_ok
${STATISTICS}`,
    '0: (95) exit: R0 !read_ok',
  ],
  'has the line before one that goes on': [
    `[52] STRUCT task_struct size=7744 vlen=218
\tcpus_mask type_id=109 Invalid member`,
    '[52] STRUCT task_struct size=7744 vlen=218: cpus_mask type_id=109 Invalid member',
  ],
  'has the access before an invalid context': [
    `2: (61) r0 = *(u32 *)(r1 +400)
invalid bpf_context access off=400 size=4
${STATISTICS}`,
    '2: (61) r0 = *(u32 *)(r1 +400): invalid bpf_context access off=400 size=4',
  ],
  'is the only line there is': ['R1 type=scalar expected=fp', 'R1 type=scalar expected=fp'],
  'is the heading and the reason since Linux 7.3': [
    `0: R1=ctx() R10=fp0
0: (95) exit
R0 !read_ok

Verification failed: Register Type Safety: Unreadable register

Reason:
  R0 has never been initialized on this path, so the verifier
  cannot use it as an input.

At:
  insn 0
        | ^-- error: R0 is not readable

Suggestion:
  Initialize R0 on every path before this instruction.

${STATISTICS}
`,
    'Register Type Safety: Unreadable register: R0 has never been initialized on this path, so the verifier cannot use it as an input.',
  ],
  'is the reason alone, where sections follow without a gap': [
    `Reason:
  R0 has never been initialized.
At:
  insn 0`,
    'R0 has never been initialized.',
  ],
  'says that there is no log': ['\n', 'the kernel gave no log: it may lack a privilege, or memory'],
};

describe('the summary of a log', () => {
  for (const [what, [log, summary]] of Object.entries(logs)) {
    test(what, () => {
      const error = new VerifierError('filter', log.split('\n'), 13);
      expect(error.summary).toBe(summary);
      expect(error.message).toBe(`program filter was refused by the verifier: ${summary}`);
      expect(error.log.join('\n')).toBe(log);
    });
  }
});
