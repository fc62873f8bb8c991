/* The primitives of bpf/lib, each run in the kernel by BPF_PROG_TEST_RUN on its arguments. */

export {};
