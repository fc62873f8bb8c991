/** Under emulation, which is 10 to 20 times slower, a tenth of the cases: the machine itself sees all of them. */
export const cases = (count: number) => (process.env.CRYPTBPF_VM ? Math.ceil(count / 10) : count);
