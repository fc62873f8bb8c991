import { expect, it } from 'vitest';
import { isKernelAtLeast, requireKernel } from '../src/kernel.js';

it.each([
  ['6.1', '6.1.0-50-cloud-amd64', true],
  ['6.1', '6.12.117+deb13', true],
  ['6.1', '7.0.0', true],
  ['6.12', '6.6.9', false],
  ['6.1', '5.15.0-91-generic', false],
  ['6.1', '6.0.19', false],
])('%s or newer: %s is %s', (minimum, running, expected) => {
  expect(isKernelAtLeast(minimum, running)).toBe(expected);
});

it('an older kernel is refused with the version that is needed', () => {
  expect(() => requireKernel('6.1', 'the pow gate', '5.15.0-91-generic')).toThrow(
    expect.objectContaining({
      code: 'ERR_NOT_SUPPORTED',
      message: 'the pow gate needs Linux 6.1 or newer, this is 5.15.0-91-generic',
    }),
  );
});
