/* SPDX-License-Identifier: GPL-2.0-only */
/* Wire format of the proof of work: see docs/protocols.md. */
#pragma once

#define GATE_MAGIC	 0x504F5721 /* "POW!" */
#define GATE_PROOF_BYTES 16

struct pow_solution {
	unsigned char nonce[8]; /* little endian */
	unsigned char zero[8];
};
