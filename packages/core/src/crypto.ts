/* What user space computes for the cryptography of bpf/lib: tables of points, keys in the form that programs take. */

export {};
