import { release } from 'node:os';
import { describe, expect, test } from 'vitest';
import { type FeatureName, features } from '../src/index.js';
import { runChild } from './support/children.js';

interface Probed {
  answers: string[];
  left: number;
}

const kernel = version(release());

function version(text: string): number {
  const [major = 0, minor = 0] = text.split('.').map((part) => Number.parseInt(part, 10));
  return major * 1000 + minor;
}

describe('the running kernel', () => {
  for (const name of features.names) {
    test(`has ${name} if it is new enough`, () => {
      const { availability, minimumKernel, reason } = features.probe(name);
      const isNewEnough = kernel >= version(minimumKernel!);
      expect({ availability, reason }).toEqual({
        availability: isNewEnough ? 'yes' : 'no',
        reason: expect.stringMatching(/^the kernel (accepted it|answered E[A-Z]+)$/),
      });
    });
  }

  test('has the kfuncs that its BTF names, and no others', () => {
    const found = features.probe('kfunc:bpf_kfunc_that_is_in_no_kernel');
    expect(found).toMatchObject({
      availability: 'no',
      reason: expect.stringMatching(/^no BTF .* has bpf_kfunc_that/),
    });
    expect(found.minimumKernel).toBeUndefined();
    const { availability, reason } = features.probe('kfunc:tcp_slow_start');
    expect([availability, reason]).toEqual(['yes', '/sys/kernel/btf/vmlinux has function tcp_slow_start']);
    const dynptr = features.probe('kfunc:bpf_dynptr_from_skb');
    expect(dynptr.availability).toBe(kernel >= version('6.4') ? 'yes' : 'no');
    expect(features.probe('kfunc:task_struct').availability).toBe('no'); // a name, of no function
  });

  if (process.env.CRYPTBPF_VM) {
    test('has those of its modules', () => {
      const { availability, reason } = features.probe('kfunc:ovl_lookup');
      expect([availability, reason]).toEqual(['yes', '/sys/kernel/btf/overlay has function ovl_lookup']);
    });
  }
});

test('probing leaves nothing behind', () => {
  const { answers, left } = runChild<Probed>('probe');
  expect(answers).toEqual(features.names.map((name) => features.probe(name).availability));
  expect(left).toBe(0);
});

test('without privileges the answer is neither yes nor no', () => {
  const under = ['setpriv', '--bounding-set', '-all', '--inh-caps', '-all', '--ambient-caps', '-all'];
  const { answers } = runChild<Probed>('probe', { under });
  expect(answers).toEqual(features.names.map(() => 'inconclusive'));
});

test('what is no feature is refused', () => {
  expect(() => features.probe('map:nothing' as FeatureName)).toThrow(
    expect.objectContaining({ code: 'ERR_NOT_FOUND' }),
  );
});
