/** For options that may be given several times. */
export const collect = (value: string, all: string[] = []) => [...all, value];
